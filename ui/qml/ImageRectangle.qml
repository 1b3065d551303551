import QtQuick
import Tessera

// A rectangle of the image, outlined so that it is seen on every colour.
Rectangle {
    id: root

    required property CanvasView view
    required property rect area // image pixels; nothing is shown when it is empty
    required property real paneWidth
    required property real paneHeight
    property color fill: "transparent"

    visible: area.width > 0 && area.height > 0
    x: (area.x - view.centre.x) * view.zoom + paneWidth / 2
    y: (area.y - view.centre.y) * view.zoom + paneHeight / 2
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
