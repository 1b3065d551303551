import QtQuick
import QtQuick.Layouts
import Tessera

Rectangle {
    id: root

    required property Session session
    required property Actions actions
    required property MapItem canvas

    readonly property string textUnder: session.needsMap ? canvas.textUnderCursor : ""

    implicitHeight: 30
    color: Theme.panel

    function modelText() {
        const controller = root.session.controller
        switch (controller.modelState) {
        case RenderController.Loading:
            return !controller.busy ? qsTr("Opening the model…")
                 : controller.openingAnother ? qsTr("A model waits for this picture")
                                             : qsTr("Another speed waits for this picture")
        case RenderController.Ready: return controller.modelName
        case RenderController.Failed: return qsTr("The model could not be opened")
        }
        return qsTr("No model")
    }

    Rectangle {
        anchors { left: parent.left; right: parent.right; top: parent.top }
        height: 1
        color: Theme.line
    }

    RowLayout {
        anchors { fill: parent; leftMargin: 6; rightMargin: 14; topMargin: 1 }
        spacing: Theme.gap

        Pressable {
            id: modelButton
            objectName: "modelButton"
            Layout.preferredHeight: 24
            Layout.maximumWidth: 280
            leftPadding: 8
            rightPadding: 8
            onClicked: root.actions.showModel()
            Accessible.name: root.modelText()
            Accessible.description: qsTr("About the model")

            Tip {
                owner: modelButton
                wanted: modelButton.hovered && !modelButton.pressed
                y: -height - 6
                text: qsTr("What this model is; open another; unload   Ctrl+I")
            }

            background: Rectangle {
                radius: 4
                color: modelButton.down ? Theme.pressed : modelButton.hovered ? Theme.hover : "transparent"
                border.width: modelButton.visualFocus ? 1 : 0
                border.color: Theme.accent
            }
            contentItem: RowLayout {
                spacing: 7

                Icon {
                    Layout.preferredWidth: 15
                    Layout.preferredHeight: 15
                    name: "model"
                    color: root.session.controller.modelState === RenderController.Ready ? Theme.accentHover : Theme.warning
                }
                Text {
                    objectName: "modelText"
                    Layout.fillWidth: true
                    text: root.modelText()
                    textFormat: Text.PlainText
                    color: Theme.text
                    font.pixelSize: Theme.bodyText
                    elide: Text.ElideMiddle
                }
            }
        }
        Text {
            text: root.session.controller.modelDetail
            textFormat: Text.PlainText
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
        }
        Item { Layout.fillWidth: true }
        Rectangle {
            visible: root.textUnder !== ""
            Layout.preferredWidth: 12
            Layout.preferredHeight: 12
            radius: 3
            color: root.canvas.colorUnderCursor
            border.width: 1
            border.color: Qt.rgba(1, 1, 1, 0.28)
        }
        Text {
            objectName: "hoverText"
            visible: root.textUnder !== ""
            text: qsTr("%1   %2, %3").arg(root.textUnder).arg(root.canvas.cursorPixel.x).arg(root.canvas.cursorPixel.y)
            textFormat: Text.PlainText
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            font.capitalization: Font.Capitalize // as in the palette
        }
    }
}
