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
        titleName: "pictureTitle"
        title: root.session.controller.busy ? qsTr("Rendering… %1 %").arg(Math.round(root.session.controller.fraction * 100))
             : root.session.picture.startingPoint ? qsTr("Made landscape")
             : root.session.picture.result === "" ? qsTr("Picture") : root.session.picture.result
        elide: Text.ElideRight // codes and seconds come first
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
        ImageOverlay {
            view: root.session.view
            pane: canvas

            ImageRectangle {
                objectName: "windowRectangle"
                view: root.session.view
                area: root.session.controller.windowRect
                border.color: Theme.accentHover
                fill: Qt.rgba(Theme.accent.r, Theme.accent.g, Theme.accent.b, 0.08)
            }
        }
        FocusFrame {
            objectName: "pictureFrame"
            anchors.fill: parent
            visible: canvas.visualFocus
        }
        TextButton {
            objectName: "formerPictureButton"
            anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: 12 }
            visible: root.session.picture.hasFormer && !root.session.controller.busy
            glyph: "undo"
            text: qsTr("The picture before")
            hint: qsTr("Exchanges the picture for the one that was shown before it")
            onClicked: root.session.picture.showFormer()
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
        readonly property real fraction: root.session.controller.fraction

        objectName: "renderProgress"
        y: header.height - height
        width: root.width * fraction
        height: 3
        visible: root.session.controller.busy
        color: Theme.accent
        Accessible.role: Accessible.ProgressBar
        Accessible.name: qsTr("Progress of the render")
        Accessible.description: qsTr("%1 %").arg(Math.round(fraction * 100)) // Qt 6.4 knows no value of this role
    }
}
