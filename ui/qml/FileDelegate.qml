import QtQuick
import QtQuick.Templates as T
import Tessera

T.ItemDelegate {
    id: root

    required property string name
    required property bool isFolder
    required property string detail
    property bool chosen: false
    property bool ringed: false // what the keyboard would choose

    objectName: "file_" + name
    implicitHeight: 28
    hoverEnabled: true
    focusPolicy: Qt.NoFocus // the list reads the keys
    Accessible.name: name
    Accessible.selectable: true
    Accessible.selected: chosen
    Accessible.focusable: true
    Accessible.focused: ringed
    Accessible.onPressAction: clicked()

    background: Rectangle {
        radius: 4
        color: root.chosen ? Theme.accentSoft : root.hovered ? Theme.hover : "transparent"
        border.width: root.ringed ? 2 : 0
        border.color: Theme.accentHover
    }
    // Its parts stand beside each other by their ids, so it is made at once.
    contentItem: Item { // qmllint disable deferred-property-id
        Icon {
            id: icon
            anchors { left: parent.left; leftMargin: 8; verticalCenter: parent.verticalCenter }
            width: 16
            height: 16
            name: root.isFolder ? "folder" : "picture"
            color: root.isFolder ? Theme.accentHover : Theme.quietText
        }
        Text {
            anchors {
                left: icon.right; leftMargin: 9; right: size.left; rightMargin: 8
                verticalCenter: parent.verticalCenter
            }
            text: root.name
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.bodyText
            elide: Text.ElideMiddle
        }
        Text {
            id: size
            anchors { right: parent.right; rightMargin: 12; verticalCenter: parent.verticalCenter }
            text: root.detail
            color: Theme.quietText
            font.pixelSize: Theme.smallText
        }
    }
}
