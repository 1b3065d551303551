import QtQuick
import QtQuick.Controls.Basic
import Tessera

// A named slider with its value at the right.
Item {
    id: root

    required property string title
    required property string valueText
    required property string hint
    property alias from: slider.from
    property alias to: slider.to
    property alias stepSize: slider.stepSize
    property alias value: slider.value
    property alias sliderName: slider.objectName

    signal moved(real value)

    implicitHeight: 42
    implicitWidth: 180

    Text {
        anchors { left: parent.left; top: parent.top; right: number.left; rightMargin: Theme.gap }
        text: root.title
        color: Theme.quietText
        font.pixelSize: Theme.bodyText
        elide: Text.ElideRight
    }
    Text {
        id: number
        anchors { right: parent.right; top: parent.top }
        text: root.valueText
        color: Theme.text
        font.pixelSize: Theme.bodyText
    }

    Slider {
        id: slider
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: 22
        padding: 0
        focusPolicy: Qt.TabFocus
        hoverEnabled: true
        onMoved: root.moved(value)
        Accessible.name: root.title
        Accessible.description: root.valueText // the value itself may be another scale's

        Tip {
            owner: slider
            wanted: slider.hovered && !slider.pressed
            text: root.hint
        }

        background: Rectangle {
            x: 0
            y: (slider.height - height) / 2
            width: slider.width
            height: 4
            radius: 2
            color: Theme.edge

            Rectangle {
                width: slider.visualPosition * (slider.width - 14) + 7
                height: parent.height
                radius: 2
                color: slider.enabled ? Theme.accent : Theme.disabledText
            }
        }

        handle: Rectangle {
            x: slider.visualPosition * (slider.width - width)
            y: (slider.height - height) / 2
            width: 14
            height: 14
            radius: 7
            color: slider.pressed ? Theme.accentHover : slider.hovered ? "#ffffff" : Theme.text
            border.width: slider.visualFocus ? 2 : 0
            border.color: Theme.accent
        }
    }
}
