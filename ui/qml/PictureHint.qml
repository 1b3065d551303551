import QtQuick
import Tessera

// What to do next while there is no picture.
Item {
    id: root

    required property Session session
    required property Actions actions

    readonly property int modelState: session.controller.modelState
    readonly property bool needsModel: modelState === RenderController.NoModel || modelState === RenderController.Failed
    readonly property bool ready: session.canRender && !session.controller.busy
    readonly property string reason: session.reasonNotToRender

    function nextStep() {
        switch (session.source) {
        case Session.Class: return qsTr("Choose a class on the left, then press Render or Ctrl+Enter.")
        case Session.Nothing:
            return qsTr("This model needs no map: it draws from chance alone. Another seed is another picture.")
        case Session.Coordinates:
            return qsTr("This model needs no map. The canvas is %1\u00a0×\u00a0%2 pixels; Ctrl+N changes it.")
                .arg(session.canvasSize.width).arg(session.canvasSize.height)
        case Session.Depth:
            return qsTr("Paint near and far on the left, or open a depth picture, then press Render or Ctrl+Enter.")
        case Session.Edges:
            return qsTr("Draw outlines on the left, or take them from a photo, then press Render or Ctrl+Enter.")
        }
        return qsTr("Paint the map on the left, then press Render or Ctrl+Enter.")
    }

    Column {
        anchors.centerIn: parent
        width: Math.min(parent.width - 48, 300)
        spacing: 12

        Icon {
            anchors.horizontalCenter: parent.horizontalCenter
            width: 44
            height: 44
            name: root.needsModel ? "model" : "picture"
            color: Theme.edge
        }
        Text {
            objectName: "hintTitle"
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.needsModel ? qsTr("No model is open")
                : root.modelState === RenderController.Loading ? qsTr("Opening the model…")
                : root.session.controller.busy ? qsTr("The picture is on its way")
                : root.reason !== "" ? qsTr("This model paints nothing here") : qsTr("No picture yet")
            color: Theme.text
            font.pixelSize: Theme.titleText
            font.weight: Font.DemiBold
        }
        Text {
            objectName: "hintText"
            Accessible.role: Accessible.StaticText
            Accessible.name: text
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            textFormat: Text.PlainText // a model's own words may be in it
            text: root.needsModel ? qsTr("A model turns maps into pictures. Open or drop one: a .safetensors or "
                                          + ".ckpt file, or its folder.")
                : root.modelState === RenderController.Loading ? qsTr("You can paint meanwhile.")
                : root.session.controller.busy ? qsTr("It appears here while it is drawn. You can go on painting.")
                : root.reason !== "" ? root.reason : root.nextStep()
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            lineHeight: 1.2
        }
        TextButton {
            objectName: "hintModelButton"
            anchors.horizontalCenter: parent.horizontalCenter
            visible: root.needsModel || root.reason !== ""
            primary: true
            glyph: "open"
            text: qsTr("Open a model…")
            onClicked: root.actions.openModel()
        }
        TextButton {
            objectName: "hintRenderButton"
            anchors.horizontalCenter: parent.horizontalCenter
            visible: root.ready && !root.session.needsMap
            primary: true
            glyph: "render"
            text: qsTr("Render")
            onClicked: root.session.render()
        }
    }
}
