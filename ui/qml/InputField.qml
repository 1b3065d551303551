import QtQuick
import QtQuick.Controls.Basic
import Tessera

// One line of text, with an icon before it if `glyph` names one. A press anywhere else in the window leaves it, and so
// does Esc where its owner heeds done().
TextField {
    id: root

    property string glyph: ""

    signal done() // Esc: back to painting

    implicitHeight: Theme.control
    leftPadding: glyph === "" ? 9 : 30
    rightPadding: 9
    verticalAlignment: TextInput.AlignVCenter
    color: enabled ? Theme.text : Theme.disabledText
    placeholderTextColor: Theme.quietText
    selectionColor: Theme.accent
    selectedTextColor: Theme.accentInk
    selectByMouse: true
    font.pixelSize: Theme.bodyText
    onActiveFocusChanged: {
        if (activeFocus && (focusReason === Qt.TabFocusReason || focusReason === Qt.BacktabFocusReason))
            selectAll()
    }
    Keys.onShortcutOverride: event => event.accepted = event.key === Qt.Key_Escape // else it cancels a render
    Keys.onEscapePressed: event => {
        event.accepted = false // a card around it closes
        root.done()
    }

    MouseArea {
        parent: root.Window.contentItem
        anchors.fill: parent
        visible: root.activeFocus
        acceptedButtons: Qt.AllButtons
        onPressed: mouse => {
            if (!root.contains(mapToItem(root, mouse.x, mouse.y)))
                root.focus = false
            mouse.accepted = false // it is meant for what lies below
        }
    }

    background: Rectangle {
        radius: Theme.radius
        color: Theme.window
        border.width: 1
        border.color: root.activeFocus ? Theme.accent : root.hovered ? Theme.edge : Theme.line

        Icon {
            visible: root.glyph !== ""
            anchors.verticalCenter: parent.verticalCenter
            x: 8
            width: 16
            height: 16
            name: root.glyph
            color: Theme.quietText
        }
    }
}
