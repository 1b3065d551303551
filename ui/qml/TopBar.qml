import QtQuick
import QtQuick.Layouts
import Tessera

Rectangle {
    id: root

    required property Session session
    required property Actions actions

    implicitHeight: Theme.bar
    color: Theme.panel

    component Gap: Rectangle {
        Layout.preferredWidth: 1
        Layout.preferredHeight: 24
        Layout.leftMargin: 6
        Layout.rightMargin: 6
        color: Theme.line
    }

    Rectangle {
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: 1
        color: Theme.line
    }

    RowLayout {
        anchors { fill: parent; leftMargin: Theme.gap; rightMargin: Theme.gap + 4 }
        spacing: 2

        IconButton {
            objectName: "newButton"
            glyph: "new"
            hint: qsTr("New canvas")
            keys: "Ctrl+N"
            enabled: root.session.source !== Session.Class && root.session.source !== Session.Nothing
            onClicked: root.actions.newCanvas()
        }
        IconButton {
            objectName: "openButton"
            glyph: "open"
            hint: root.session.source === Session.Depth ? qsTr("Open a depth picture")
                : root.session.source === Session.Edges ? qsTr("Open a map of edges")
                : root.session.needsMap ? qsTr("Open a map") : qsTr("Open a picture painted here")
            keys: "Ctrl+O"
            onClicked: root.actions.openMap()
        }
        IconButton {
            objectName: "saveMapButton"
            glyph: "saveMap"
            hint: qsTr("Save the map")
            keys: "Ctrl+Shift+S"
            enabled: root.session.needsMap
            onClicked: root.actions.saveMap()
        }
        IconButton {
            objectName: "savePictureButton"
            glyph: "savePicture"
            hint: qsTr("Save the picture")
            keys: "Ctrl+S"
            enabled: !root.session.picture.empty
            onClicked: root.actions.savePicture()
        }
        IconButton {
            objectName: "openModelButton"
            glyph: "model"
            hint: qsTr("Open a model")
            keys: "Ctrl+M"
            onClicked: root.actions.openModel()
        }
        Gap {}
        IconButton {
            objectName: "undoButton"
            glyph: "undo"
            hint: qsTr("Undo")
            keys: "Ctrl+Z"
            enabled: root.session.needsMap && root.session.document.canUndo
            onClicked: root.session.document.undo()
        }
        IconButton {
            objectName: "redoButton"
            glyph: "redo"
            hint: qsTr("Redo")
            keys: "Ctrl+Shift+Z"
            enabled: root.session.needsMap && root.session.document.canRedo
            onClicked: root.session.document.redo()
        }
        IconButton {
            objectName: "surpriseButton"
            glyph: "surprise"
            hint: root.session.imagining ? qsTr("A landscape is being made…")
                                         : qsTr("Surprise me: a made landscape to start from")
            keys: "Ctrl+L"
            enabled: root.session.needsMap && !root.session.imagining
            onClicked: root.session.surprise()
        }
        Gap {}
        IconButton {
            objectName: "zoomOutButton"
            glyph: "zoomOut"
            hint: qsTr("Zoom out")
            keys: "Ctrl+-"
            onClicked: root.session.view.zoomOut()
        }
        Text {
            objectName: "zoomText"
            Layout.preferredWidth: 52
            horizontalAlignment: Text.AlignHCenter
            text: qsTr("%1 %").arg(Math.round(root.session.view.magnification * 100))
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
        }
        IconButton {
            objectName: "zoomInButton"
            glyph: "zoomIn"
            hint: qsTr("Zoom in")
            keys: "Ctrl++"
            onClicked: root.session.view.zoomIn()
        }
        IconButton {
            objectName: "fitButton"
            glyph: "fit"
            hint: qsTr("Show all of map and picture")
            keys: "Ctrl+0"
            onClicked: root.session.view.fit()
        }
        Text {
            objectName: "progressText"
            Accessible.role: Accessible.StaticText
            Accessible.name: text
            Layout.fillWidth: true
            Layout.rightMargin: 10
            horizontalAlignment: Text.AlignRight
            text: root.session.controller.busy ? root.session.controller.progressText
                : root.session.imagining ? qsTr("A landscape is being made…") : ""
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            elide: Text.ElideRight
        }
        TextButton {
            objectName: "cancelButton"
            visible: root.session.controller.busy
            enabled: !root.session.controller.cancelling
            glyph: "stop"
            text: qsTr("Cancel")
            hint: qsTr("Stop and keep what is done   Esc")
            onClicked: root.session.controller.cancel()
        }
        TextButton {
            objectName: "renderButton"
            Layout.leftMargin: 6
            primary: true
            glyph: "render"
            text: qsTr("Render")
            hint: qsTr("Turn the map into a picture   Ctrl+Enter")
            enabled: root.session.canRender
            onClicked: root.session.render()
        }
    }
}
