import QtQuick
import QtQuick.Layouts
import Tessera

// Asked only when closing would lose work.
Card {
    id: root

    required property string unsavedText

    signal discarded()

    objectName: "quitCard"
    title: qsTr("Quit without saving?")
    onOpened: stayButton.forceActiveFocus(Qt.TabFocusReason) // shown as what Return does

    ColumnLayout {
        width: parent.width
        spacing: 18

        Text {
            objectName: "quitText"
            Layout.fillWidth: true
            text: root.unsavedText
            Accessible.role: Accessible.AlertMessage
            Accessible.name: text
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            wrapMode: Text.Wrap
        }
        RowLayout {
            Layout.alignment: Qt.AlignRight
            spacing: 8

            TextButton {
                objectName: "discardButton"
                text: qsTr("Quit without saving")
                onClicked: root.discarded()
            }
            TextButton {
                id: stayButton
                objectName: "stayButton"
                primary: true
                text: qsTr("Go on working")
                onClicked: root.close()
            }
        }
    }
}
