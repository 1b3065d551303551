import QtQuick
import Tessera

// For an ImageOverlay: a rectangle of the image, outlined so that it is seen on every colour.
Rectangle {
    id: root

    required property CanvasView view
    required property rect area // image pixels; nothing is shown when it is empty
    property color fill: "transparent"

    visible: area.width > 0 && area.height > 0
    x: area.x * view.zoom
    y: area.y * view.zoom
    width: area.width * view.zoom
    height: area.height * view.zoom
    color: fill
    border.width: 2
    border.color: "#f4f4f4"

    Rectangle {
        anchors { fill: parent; margins: 2 }
        color: "transparent"
        border.width: 1
        border.color: "#90101010"
    }
}
