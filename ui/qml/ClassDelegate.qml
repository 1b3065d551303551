import QtQuick
import QtQuick.Templates as T
import Tessera

// One class in the list: its number and its name.
T.ItemDelegate {
    id: root

    required property int number
    required property string name
    property bool current: false
    property bool ringed: false // what the keyboard would choose

    objectName: "class" + number
    implicitHeight: 28
    hoverEnabled: true
    focusPolicy: Qt.NoFocus // the list reads the keys
    Accessible.name: qsTr("%1, %2").arg(number).arg(name)
    Accessible.selectable: true
    Accessible.selected: current
    Accessible.focusable: true
    Accessible.focused: ringed
    Accessible.onPressAction: clicked()

    Tip {
        owner: root
        wanted: root.hovered && words.truncated
        beside: true
        text: root.name
    }

    background: Rectangle {
        radius: 5
        color: root.current ? Theme.accentSoft : root.down ? Theme.pressed : root.hovered ? Theme.hover : "transparent"
        border.width: root.ringed ? 2 : root.current ? 1 : 0
        border.color: root.ringed ? Theme.accentHover : Theme.accent
    }

    // Its parts stand beside each other by their ids, so it is made at once.
    contentItem: Item { // qmllint disable deferred-property-id
        Text {
            id: digits
            anchors.verticalCenter: parent.verticalCenter
            width: 34
            horizontalAlignment: Text.AlignRight
            text: root.number
            color: Theme.quietText
            font.pixelSize: Theme.smallText
        }
        Text {
            id: words
            anchors {
                left: digits.right; leftMargin: 10; right: parent.right; rightMargin: 8
                verticalCenter: parent.verticalCenter
            }
            text: root.name
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.bodyText
            font.weight: root.current ? Font.DemiBold : Font.Normal
            elide: Text.ElideRight
        }
    }
}
