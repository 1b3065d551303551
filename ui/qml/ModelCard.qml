import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// What the open model is and needs; another one; none.
Card {
    id: root

    required property RenderController controller

    readonly property bool hasModel: controller.modelFacts.length > 0

    signal anotherWanted()
    signal unloadWanted()

    objectName: "modelCard"
    title: hasModel ? controller.modelName : qsTr("No model is open")
    bodyWidth: Math.min(520, (parent ? parent.width : 640) - 120)

    ColumnLayout {
        width: parent.width
        spacing: 16

        Text {
            Layout.fillWidth: true
            visible: !root.hasModel
            text: qsTr("A model turns maps into pictures. Open a .safetensors or .ckpt file, or the folder of a "
                       + "published model.")
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            lineHeight: 1.2
            wrapMode: Text.Wrap
        }
        ScrollView {
            id: scroll
            Layout.fillWidth: true
            Layout.preferredHeight: Math.min(facts.implicitHeight, (root.parent ? root.parent.height : 600) - 220)
            visible: root.hasModel
            contentWidth: availableWidth
            clip: true

            Column {
                id: facts
                width: scroll.availableWidth
                spacing: 8

                Repeater {
                    model: root.controller.modelFacts

                    RowLayout {
                        id: fact

                        required property var modelData

                        width: facts.width
                        spacing: 12

                        Text {
                            Layout.preferredWidth: 128
                            Layout.alignment: Qt.AlignTop
                            text: fact.modelData.title
                            color: Theme.quietText
                            font.pixelSize: Theme.bodyText
                        }
                        Text {
                            objectName: "fact_" + fact.modelData.title
                            Layout.fillWidth: true
                            text: fact.modelData.value
                            textFormat: Text.PlainText
                            color: Theme.text
                            font.pixelSize: Theme.bodyText
                            wrapMode: Text.Wrap
                        }
                    }
                }
            }
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: 8

            TextButton {
                objectName: "unloadButton"
                visible: root.hasModel
                text: qsTr("Unload")
                hint: qsTr("Give its memory back")
                onClicked: {
                    root.close()
                    root.unloadWanted()
                }
            }
            Item { Layout.fillWidth: true }
            TextButton {
                objectName: "closeModelCard"
                text: qsTr("Close")
                onClicked: root.close()
            }
            TextButton {
                objectName: "openAnotherButton"
                primary: true
                text: root.hasModel ? qsTr("Open another…") : qsTr("Open a model…")
                onClicked: {
                    root.close()
                    root.anotherWanted()
                }
            }
        }
    }
}
