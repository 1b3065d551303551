import QtQuick
import Tessera

// What to do next while there is no picture.
Item {
    id: root

    required property Session session
    required property Actions actions

    readonly property int modelState: session.controller.modelState
    readonly property bool needsModel: modelState === RenderController.NoModel || modelState === RenderController.Failed

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
                : root.session.controller.busy ? qsTr("The picture is on its way") : qsTr("No picture yet")
            color: Theme.text
            font.pixelSize: Theme.titleText
            font.weight: Font.DemiBold
        }
        Text {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            text: root.needsModel ? qsTr("A model turns maps into pictures. Open one: a .safetensors or .ckpt file.")
                : root.modelState === RenderController.Loading ? qsTr("You can paint meanwhile.")
                : root.session.controller.busy ? qsTr("It appears here row by row. You can go on painting.")
                : qsTr("Paint the map on the left, then press Render or Ctrl+Enter.")
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            lineHeight: 1.2
        }
        TextButton {
            objectName: "hintModelButton"
            anchors.horizontalCenter: parent.horizontalCenter
            visible: root.needsModel
            primary: true
            glyph: "open"
            text: qsTr("Open a model…")
            onClicked: root.actions.openModel()
        }
    }
}
