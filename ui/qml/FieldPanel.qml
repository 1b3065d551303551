import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// What the next stroke paints on a depth or edge map.
SidePanel {
    id: root

    required property PaintTools tools
    required property bool depth // else edges
    required property Actions actions

    readonly property bool erasing: tools.tool === PaintTools.Eraser
    readonly property real shownLevel: erasing ? 0 : depth ? tools.level : 1

    function gray(level) {
        return Qt.rgba(level, level, level, 1)
    }
    function levelText() {
        if (!depth)
            return shownLevel > 0.5 ? qsTr("Line") : qsTr("No line")
        return shownLevel >= 0.995 ? qsTr("Nearest") : shownLevel <= 0.005 ? qsTr("Farthest")
                                   : qsTr("Nearness %1 %").arg(Math.round(shownLevel * 100))
    }

    implicitWidth: 208

    ColumnLayout {
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: 12; rightMargin: 13 }
        spacing: 12

        RowLayout {
            Layout.fillWidth: true
            spacing: 10

            Rectangle {
                objectName: "levelSwatch"
                Layout.preferredWidth: 44
                Layout.preferredHeight: 44
                radius: Theme.radius
                color: root.gray(root.shownLevel)
                border.width: 2
                border.color: root.shownLevel > 0.6 ? Theme.edge : Theme.text
            }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 2

                Text {
                    objectName: "levelText"
                    Layout.fillWidth: true
                    text: root.levelText()
                    color: Theme.text
                    font.pixelSize: Theme.titleText
                    font.weight: Font.DemiBold
                    elide: Text.ElideRight
                }
                ToolName {
                    objectName: "fieldToolName"
                    Layout.fillWidth: true
                    tools: root.tools
                }
            }
        }
        BrushSlider {
            Layout.fillWidth: true
            tools: root.tools
        }
        SliderRow {
            Layout.fillWidth: true
            visible: root.depth
            sliderName: "levelSlider"
            title: qsTr("Nearness")
            valueText: qsTr("%1 %").arg(Math.round(root.tools.level * 100))
            hint: qsTr("Near is bright   keys 1 to 9 from far to near")
            from: 0
            to: 1
            value: root.tools.level
            onMoved: value => root.tools.level = value
        }
        RowLayout {
            Layout.fillWidth: true
            visible: root.depth
            spacing: 4

            Repeater {
                model: 6

                Pressable {
                    id: step

                    required property int index

                    readonly property bool current: Math.abs(root.tools.level - index / 5) < 0.01

                    objectName: "level" + index
                    Layout.fillWidth: true
                    Layout.preferredHeight: 22
                    onClicked: root.tools.level = index / 5
                    Accessible.name: qsTr("Nearness %1 %").arg(index * 20)

                    background: Rectangle {
                        radius: 4
                        color: root.gray(step.index / 5)
                        border.width: step.visualFocus ? 2 : 1
                        border.color: step.visualFocus || step.current ? Theme.accentHover : Theme.edge
                    }
                }
            }
        }
        RowLayout {
            Layout.fillWidth: true
            Layout.topMargin: -6
            visible: root.depth

            Text {
                Layout.fillWidth: true
                text: qsTr("far")
                color: Theme.quietText
                font.pixelSize: Theme.smallText
            }
            Text {
                text: qsTr("near")
                color: Theme.quietText
                font.pixelSize: Theme.smallText
            }
        }
        SliderRow {
            Layout.fillWidth: true
            visible: root.tools.tool === PaintTools.Gradient
            sliderName: "gradientEndSlider"
            title: qsTr("Gradient to")
            valueText: qsTr("%1 %").arg(Math.round(root.tools.gradientEnd * 100))
            hint: qsTr("The nearness where the gradient's line ends")
            from: 0
            to: 1
            value: root.tools.gradientEnd
            onMoved: value => root.tools.gradientEnd = value
        }
        Text {
            Layout.fillWidth: true
            text: root.tools.tool === PaintTools.Gradient
                ? qsTr("Drag from near to far, for a ground from the lower border to the horizon. It covers the "
                       + "whole map.")
                : root.depth
                ? qsTr("Near is bright. Begin with a gradient for the ground, dragged up from the lower border to the "
                       + "horizon, then paint what stands on it.")
                : qsTr("Draw the outlines of things, or take them from a photo.")
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            lineHeight: 1.2
            wrapMode: Text.Wrap
        }
        TextButton {
            objectName: "photoEdgesButton"
            Layout.fillWidth: true
            visible: !root.depth
            glyph: "picture"
            text: qsTr("Edges from a photo…")
            onClicked: root.actions.openPhotoAsEdges()
        }
    }
}
