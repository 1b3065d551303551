import QtQuick
import Tessera

// Shows that the keyboard has come to a pane.
Rectangle {
    color: "transparent"
    border.width: 2
    border.color: Theme.accentHover
}
