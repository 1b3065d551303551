import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

Card {
    id: root

    required property Session session

    readonly property MapDocument document: session.document
    readonly property int source: session.source
    readonly property var sizes: [[256, 256], [512, 512], [768, 512], [1024, 512], [1024, 1024]]

    readonly property bool valid: across.acceptableInput && down.acceptableInput

    function create() {
        if (!valid)
            return
        session.newCanvas(Number(across.text), Number(down.text))
        close()
    }

    objectName: "newCanvasCard"
    title: qsTr("New canvas")
    onAboutToShow: {
        across.text = session.canvasSize.width
        down.text = session.canvasSize.height
    }
    onSourceChanged: close() // it was asked for the canvas that was in hand
    onOpened: across.forceActiveFocus(Qt.TabFocusReason)

    component SideField: InputField {
        Layout.fillWidth: true
        horizontalAlignment: TextInput.AlignHCenter
        inputMethodHints: Qt.ImhDigitsOnly
        validator: IntValidator { bottom: root.document.smallestSide; top: root.document.largestSide }
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
            text: qsTr("%1 to %2 a side. Four times the area takes four times as long to render.")
                      .arg(root.document.smallestSide).arg(root.document.largestSide)
                  + (root.session.needsMap ? " " + qsTr("Undo brings the present canvas back.") : "")
            color: root.valid ? Theme.quietText : Theme.warning
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
                enabled: root.valid
                onClicked: root.create()
            }
        }
    }
}
