import QtQuick
import Tessera

Item {
    id: root

    required property Session session
    required property Actions actions

    readonly property alias canvas: canvas

    // The map's pane decides what fits; without a map this one does.
    function fitPane() {
        if (!session.needsMap)
            session.view.pane = Qt.size(canvas.width, canvas.height)
    }

    PaneHeader {
        id: header
        anchors { left: parent.left; right: parent.right; top: parent.top }
        glyph: "picture"
        title: root.session.controller.busy ? qsTr("Rendering… %1 %").arg(Math.round(root.session.controller.fraction * 100))
             : root.session.picture.startingPoint ? qsTr("Made landscape")
             : root.session.controller.lastResult === "" ? qsTr("Picture") : root.session.controller.lastResult
        detail: root.session.picture.empty || root.session.controller.busy ? ""
              : qsTr("%1 × %2").arg(root.session.picture.size.width).arg(root.session.picture.size.height)
    }

    Rectangle {
        anchors { left: parent.left; right: parent.right; top: header.bottom; bottom: parent.bottom }
        color: Theme.backdrop
        clip: true

        PictureItem {
            id: canvas
            objectName: "pictureCanvas"
            anchors.fill: parent
            view: root.session.view
            picture: root.session.picture
            Accessible.role: Accessible.Canvas
            Accessible.name: qsTr("Picture")
            onWidthChanged: root.fitPane()
            onHeightChanged: root.fitPane()
        }
        ImageRectangle {
            objectName: "windowRectangle"
            view: root.session.view
            area: root.session.controller.windowRect
            paneWidth: canvas.width
            paneHeight: canvas.height
            border.color: Theme.accentHover
            fill: Qt.rgba(Theme.accent.r, Theme.accent.g, Theme.accent.b, 0.08)
        }
        PictureHint {
            anchors.fill: parent
            session: root.session
            actions: root.actions
            visible: root.session.picture.empty
        }
    }

    // Over the line below the header, where the eye already is.
    Rectangle {
        objectName: "renderProgress"
        y: header.height - height
        width: root.width * root.session.controller.fraction
        height: 3
        visible: root.session.controller.busy
        color: Theme.accent
        Accessible.role: Accessible.ProgressBar
        Accessible.name: qsTr("Progress of the render")
    }
}
