import QtQuick
import Tessera

// For an ImageOverlay: the brush as large as it paints: a light ring with a dark one inside, seen on every colour.
Item {
    id: root

    required property CanvasView view
    required property point centre // image pixels
    required property real diameter

    readonly property real side: Math.max(3, diameter * view.zoom)

    x: centre.x * view.zoom - side / 2
    y: centre.y * view.zoom - side / 2
    width: side
    height: side

    Rectangle {
        anchors.fill: parent
        radius: width / 2
        color: "transparent"
        border.width: 1
        border.color: "#f4f4f4"
    }
    Rectangle {
        anchors { fill: parent; margins: 1 }
        radius: width / 2
        color: "transparent"
        border.width: 1
        border.color: "#b0101010"
    }
}
