import QtQuick
import Tessera

Item {
    id: root

    required property Session session

    readonly property alias canvas: canvas
    readonly property real level: session.source === Session.Edges ? 1 : session.tools.level // edges have lines alone

    function fitPane() {
        if (visible)
            session.view.pane = Qt.size(canvas.width, canvas.height)
    }

    onVisibleChanged: fitPane()

    PaneHeader {
        id: header
        anchors { left: parent.left; right: parent.right; top: parent.top }
        glyph: "map"
        title: root.session.document.modified ? qsTr("%1 •").arg(root.session.document.title)
                                              : root.session.document.title
        detail: qsTr("%1 × %2").arg(root.session.document.size.width).arg(root.session.document.size.height)
    }

    Rectangle {
        anchors { left: parent.left; right: parent.right; top: header.bottom; bottom: parent.bottom }
        color: Theme.backdrop
        clip: true

        MapItem {
            id: canvas
            objectName: "mapCanvas"
            anchors.fill: parent
            focus: true
            view: root.session.view
            document: root.session.document
            tools: root.session.tools
            Accessible.role: Accessible.Canvas
            Accessible.name: qsTr("Map")
            onWidthChanged: root.fitPane()
            onHeightChanged: root.fitPane()
        }
        PictureItem {
            objectName: "tracedPicture"
            anchors.fill: parent
            enabled: false // the pen goes to the map below
            visible: opacity > 0 && !root.session.picture.empty
            opacity: root.session.view.trace
            view: root.session.view
            picture: root.session.picture
        }
        ImageOverlay {
            view: root.session.view
            pane: canvas

            BrushOutline {
                objectName: "brushOutline"
                view: root.session.view
                visible: canvas.cursorInside && (root.session.tools.tool === PaintTools.Brush
                                                 || root.session.tools.tool === PaintTools.Eraser)
                centre: canvas.cursor
                diameter: root.session.tools.brushSize
            }
            ImageRectangle {
                objectName: "pendingRectangle"
                view: root.session.view
                area: root.session.tools.pendingRectangle
                fill: root.session.source === Session.Labels ? root.session.palette.currentColor
                                                             : Qt.rgba(root.level, root.level, root.level, 1)
            }
            GradientLine {
                objectName: "gradientLine"
                view: root.session.view
                tools: root.session.tools
            }
        }
        FocusFrame {
            objectName: "mapFrame"
            anchors.fill: parent
            visible: canvas.visualFocus
        }
    }
}
