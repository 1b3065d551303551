import QtQuick
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

SidePanel {
    id: root

    required property PaintTools tools
    required property bool fields // depth or edges instead of labels
    required property bool depth

    implicitWidth: 48

    component ToolButton: IconButton {
        required property int tool

        tipBeside: true
        checkable: true
        autoExclusive: true // else a press on the tool in hand would show it as put away
        checked: root.tools.tool === tool
        onClicked: root.tools.tool = tool
        Accessible.checkable: true
        Accessible.checked: checked
        Accessible.onToggleAction: clicked()
    }

    Column {
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.gap }
        spacing: 4

        ToolButton {
            objectName: "brushTool"
            tool: PaintTools.Brush
            glyph: "brush"
            hint: qsTr("Brush: Shift draws straight lines")
            keys: "B"
        }
        ToolButton {
            objectName: "eraserTool"
            tool: PaintTools.Eraser
            glyph: "eraser"
            hint: !root.fields ? qsTr("Eraser: back to unpainted") : root.depth ? qsTr("Eraser: back to far")
                                                                                 : qsTr("Eraser: no line")
            keys: "E"
        }
        ToolButton {
            objectName: "fillTool"
            tool: PaintTools.Fill
            glyph: "fill"
            hint: qsTr("Fill a connected area: Shift fills all that is the same")
            keys: "F"
        }
        ToolButton {
            objectName: "rectangleTool"
            tool: PaintTools.Rectangle
            glyph: "rectangle"
            hint: qsTr("Rectangle: Shift makes a square")
            keys: "R"
        }
        ToolButton {
            objectName: "gradientTool"
            visible: root.depth
            tool: PaintTools.Gradient
            glyph: "gradient"
            hint: qsTr("Gradient from near to far: Shift keeps it straight")
            keys: "D"
        }
        ToolButton {
            objectName: "pickerTool"
            tool: PaintTools.Picker
            glyph: "picker"
            hint: root.fields ? qsTr("Pick the value under the cursor") : qsTr("Pick the label under the cursor")
            keys: qsTr("I, Ctrl+click")
        }
    }
}
