import QtQuick
import QtQuick.Controls.Basic

// A button that Return presses as Space does. Clicks leave the focus on the canvas, where Space pans.
AbstractButton {
    hoverEnabled: true
    focusPolicy: Qt.TabFocus
    Keys.onReturnPressed: clicked()
    Keys.onEnterPressed: clicked()
}
