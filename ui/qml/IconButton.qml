import QtQuick
import Tessera

// A button that is an icon; the tooltip says what it does and which keys do it too.
Pressable {
    id: root

    required property string glyph
    required property string hint
    property string keys: ""
    property int side: 36
    property bool tipBeside: false

    implicitWidth: side
    implicitHeight: side
    Accessible.name: hint

    Tip {
        owner: root
        wanted: root.hovered && !root.pressed
        beside: root.tipBeside
        text: root.keys === "" ? root.hint : qsTr("%1   %2").arg(root.hint).arg(root.keys)
    }

    background: Rectangle {
        radius: Theme.radius
        color: root.checked ? Theme.accentSoft : root.down ? Theme.pressed
             : root.hovered && root.enabled ? Theme.hover : "transparent"
        border.width: root.visualFocus || root.checked ? 1 : 0
        border.color: Theme.accent
    }

    contentItem: Item {
        Icon {
            anchors.centerIn: parent
            width: Theme.iconSize
            height: Theme.iconSize
            name: root.glyph
            color: !root.enabled ? Theme.disabledText : root.checked ? "#ffffff" : Theme.text
        }
    }
}
