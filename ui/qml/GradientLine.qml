import QtQuick
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// For an ImageOverlay: the line along which a gradient will run, seen on every gray.
Item {
    id: root

    required property CanvasView view
    required property PaintTools tools

    readonly property point start: place(tools.gradientFrom)
    readonly property point end: place(tools.gradientTo)

    function place(point) {
        return Qt.point(point.x * view.zoom, point.y * view.zoom)
    }

    visible: tools.gradientPending

    Repeater {
        model: [{ thickness: 4, tone: "#b0101010" }, { thickness: 2, tone: "#f4f4f4" }]

        Rectangle {
            required property var modelData

            x: root.start.x
            y: root.start.y - height / 2
            width: Math.hypot(root.end.x - root.start.x, root.end.y - root.start.y)
            height: modelData.thickness
            color: modelData.tone
            transformOrigin: Item.Left
            rotation: Math.atan2(root.end.y - root.start.y, root.end.x - root.start.x) * 180 / Math.PI
        }
    }
    Repeater {
        model: [root.start, root.end]

        Rectangle {
            required property point modelData

            x: modelData.x - width / 2
            y: modelData.y - height / 2
            width: 11
            height: 11
            radius: width / 2
            color: "#f4f4f4"
            border.width: 2
            border.color: "#b0101010"
        }
    }
}
