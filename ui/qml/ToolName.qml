import QtQuick
import Tessera

// What the tool in hand is called.
Text {
    required property PaintTools tools

    text: [qsTr("Brush"), qsTr("Eraser"), qsTr("Fill"), qsTr("Rectangle"), qsTr("Picker"), qsTr("Gradient")][tools.tool]
    color: Theme.quietText
    font.pixelSize: Theme.smallText
    elide: Text.ElideRight
}
