import QtQuick
import Tessera

// The brush's size. Its value is the logarithm: small brushes need the finer steps.
SliderRow {
    id: root

    required property PaintTools tools

    sliderName: "brushSlider"
    title: qsTr("Brush size")
    valueText: qsTr("%1 px").arg(tools.brushSize)
    hint: qsTr("Diameter in pixels of the map   [ and ]")
    from: 0
    to: Math.log2(tools.largestBrush)
    value: Math.log2(tools.brushSize)
    onMoved: value => root.tools.brushSize = Math.round(Math.pow(2, value))
}
