import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

Card {
    id: root

    required property MapDocument document

    readonly property var sizes: [[256, 256], [512, 512], [768, 512], [1024, 512], [1024, 1024]]

    function create() {
        document.newCanvas(Number(across.text), Number(down.text))
        close()
    }

    objectName: "newCanvasCard"
    title: qsTr("New canvas")
    onOpened: across.forceActiveFocus(Qt.TabFocusReason)

    component SideField: InputField {
        Layout.fillWidth: true
        horizontalAlignment: TextInput.AlignHCenter
        inputMethodHints: Qt.ImhDigitsOnly
        validator: IntValidator { bottom: 256; top: 4096 }
        onAccepted: root.create()
    }

    ColumnLayout {
        width: parent.width
        spacing: 14

        Flow {
            Layout.fillWidth: true
            spacing: 6

            Repeater {
                model: root.sizes

                TextButton {
                    required property var modelData

                    objectName: "size" + modelData[0] + "x" + modelData[1]
                    text: qsTr("%1 × %2").arg(modelData[0]).arg(modelData[1])
                    onClicked: {
                        across.text = modelData[0]
                        down.text = modelData[1]
                    }
                }
            }
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: 10

            SideField {
                id: across
                objectName: "widthField"
                text: "512"
                Accessible.name: qsTr("Width in pixels")
            }
            Text {
                text: "×"
                color: Theme.quietText
                font.pixelSize: Theme.titleText
            }
            SideField {
                id: down
                objectName: "heightField"
                text: "512"
                Accessible.name: qsTr("Height in pixels")
            }
            Text {
                text: qsTr("pixels")
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
            }
        }
        Text {
            Layout.fillWidth: true
            text: qsTr("256 to 4096 a side. Four times the area takes four times as long to render. Undo brings the "
                       + "present canvas back.")
            color: across.acceptableInput && down.acceptableInput ? Theme.quietText : Theme.warning
            font.pixelSize: Theme.bodyText
            lineHeight: 1.2
            wrapMode: Text.Wrap
        }
        RowLayout {
            Layout.alignment: Qt.AlignRight
            spacing: 8

            TextButton {
                text: qsTr("Cancel")
                onClicked: root.close()
            }
            TextButton {
                objectName: "createButton"
                primary: true
                text: qsTr("Create")
                enabled: across.acceptableInput && down.acceptableInput
                onClicked: root.create()
            }
        }
    }
}
