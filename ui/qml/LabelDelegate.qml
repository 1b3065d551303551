import QtQuick
import QtQuick.Templates as T
import Tessera

// One label in the palette: colour, name and the digit key that chooses it.
T.ItemDelegate {
    id: root

    required property int label
    required property string name
    required property color swatch
    required property string digit
    property bool current: false
    property bool ringed: false // what the keyboard would choose

    objectName: "label" + label
    implicitHeight: 28
    hoverEnabled: true
    focusPolicy: Qt.NoFocus // the list reads the keys
    Accessible.name: name
    Accessible.selectable: true
    Accessible.selected: current
    Accessible.focusable: true
    Accessible.focused: ringed
    Accessible.onPressAction: clicked()

    background: Rectangle {
        radius: 5
        color: root.current ? Theme.accentSoft : root.down ? Theme.pressed : root.hovered ? Theme.hover : "transparent"
        border.width: root.ringed ? 2 : root.current ? 1 : 0
        border.color: root.ringed ? Theme.accentHover : Theme.accent
    }

    // Its parts stand beside each other by their ids, so it is made at once.
    contentItem: Item { // qmllint disable deferred-property-id
        Rectangle {
            id: square
            anchors.verticalCenter: parent.verticalCenter
            x: 6
            width: 18
            height: 18
            radius: 4
            color: root.swatch
            border.width: 1
            border.color: Qt.rgba(1, 1, 1, 0.28)
        }
        Text {
            anchors { left: square.right; leftMargin: 9; right: key.left; verticalCenter: parent.verticalCenter }
            text: root.name
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.bodyText
            font.capitalization: Font.Capitalize
            font.weight: root.current ? Font.DemiBold : Font.Normal
            elide: Text.ElideRight
        }
        Text {
            id: key
            anchors { right: parent.right; rightMargin: 10; verticalCenter: parent.verticalCenter }
            text: root.digit
            color: Theme.quietText
            font.pixelSize: Theme.smallText
        }
    }
}
