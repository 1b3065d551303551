import QtQuick
import Tessera

// A button with words, and an icon before them if `glyph` names one.
Pressable {
    id: root

    property string glyph: ""
    property string hint: ""
    property bool primary: false

    readonly property color ink: !enabled ? Theme.disabledText : primary ? Theme.accentInk : Theme.text

    implicitHeight: Theme.control + 2
    implicitWidth: words.implicitWidth + 28
    Accessible.name: text

    Tip {
        owner: root
        wanted: root.hovered && !root.pressed
        text: root.hint
    }

    background: Rectangle {
        radius: Theme.radius
        color: !root.enabled ? Theme.raised
             : root.primary ? (root.down ? Theme.accentPressed : root.hovered ? Theme.accentHover : Theme.accent)
                            : (root.down ? Theme.pressed : root.hovered ? Theme.hover : Theme.raised)
        border.width: root.visualFocus || !root.primary ? 1 : 0
        border.color: root.visualFocus ? (root.primary ? "#ffffff" : Theme.accent) : Theme.edge
    }

    // Its parts stand beside each other by their ids, so it is made at once.
    contentItem: Item { // qmllint disable deferred-property-id
        implicitWidth: words.implicitWidth

        Row {
            id: words
            anchors.centerIn: parent
            spacing: 7

            Icon {
                visible: root.glyph !== ""
                anchors.verticalCenter: parent.verticalCenter
                width: 16
                height: 16
                name: root.glyph
                color: root.ink
            }
            Text {
                anchors.verticalCenter: parent.verticalCenter
                text: root.text
                color: root.ink
                font.pixelSize: Theme.bodyText
                font.weight: root.primary ? Font.DemiBold : Font.Normal
            }
        }
    }
}
