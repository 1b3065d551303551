import QtQuick
import Tessera

// A panel at the left of the window, with a line towards what stands right of it.
Rectangle {
    color: Theme.panel

    Rectangle {
        anchors { top: parent.top; bottom: parent.bottom; right: parent.right }
        width: 1
        color: Theme.line
    }
}
