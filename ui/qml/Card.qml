import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import Tessera

// A modal question in the middle of the window. Esc closes it.
Popup {
    id: root

    required property string title
    property real bodyWidth: 360
    default property alias body: content.data

    parent: T.Overlay.overlay
    anchors.centerIn: parent
    modal: true
    focus: true
    padding: 20
    closePolicy: Popup.CloseOnEscape

    T.Overlay.modal: Rectangle { color: "#a0101113" }

    background: Rectangle {
        radius: 10
        color: Theme.panel
        border.width: 1
        border.color: Theme.edge
    }

    // Its parts stand beside each other by their ids, so it is made at once.
    contentItem: Item { // qmllint disable deferred-property-id
        Accessible.role: Accessible.Dialog
        Accessible.name: root.title
        implicitWidth: root.bodyWidth
        implicitHeight: heading.height + 16 + content.childrenRect.height

        Text {
            id: heading
            width: parent.width
            text: root.title
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: 17
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
        }
        Item {
            id: content
            anchors { left: parent.left; right: parent.right; top: heading.bottom; topMargin: 16; bottom: parent.bottom }
        }
    }
}
