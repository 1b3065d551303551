import QtQuick
import Tessera

// What the next stroke paints.
Item {
    id: root

    required property PaletteModel labels
    required property PaintTools tools

    readonly property bool erasing: tools.tool === PaintTools.Eraser

    implicitHeight: 44

    Rectangle {
        id: swatch
        objectName: "currentSwatch"
        width: 44
        height: 44
        radius: Theme.radius
        color: root.erasing ? Theme.raised : root.labels.currentColor
        border.width: 2
        border.color: Theme.text

        Icon {
            anchors.centerIn: parent
            visible: root.erasing
            name: "eraser"
            color: Theme.quietText
        }
    }
    Column {
        anchors { left: swatch.right; leftMargin: 10; right: parent.right; verticalCenter: parent.verticalCenter }
        spacing: 2

        Text {
            objectName: "currentLabelText"
            width: parent.width
            text: root.erasing ? qsTr("Unpainted") : root.labels.currentName
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.titleText
            font.weight: Font.DemiBold
            font.capitalization: Font.Capitalize
            elide: Text.ElideRight
        }
        ToolName {
            objectName: "toolName"
            width: parent.width
            tools: root.tools
        }
    }
}
