import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// Chooses the class that a class-conditional model draws.
SidePanel {
    id: root

    required property ClassModel classes

    signal done() // the choice is made

    function focusSearch() {
        search.forceActiveFocus()
        search.selectAll()
    }
    function finish() {
        root.classes.filter = ""
        list.positionViewAtIndex(root.classes.current, ListView.Contain)
        root.done()
    }

    implicitWidth: 280

    ColumnLayout {
        anchors { fill: parent; margins: 12; rightMargin: 13 }
        spacing: 10

        PanelTitle { text: qsTr("Class") }
        Text {
            objectName: "currentClassText"
            Layout.fillWidth: true
            text: qsTr("%1   %2").arg(root.classes.current).arg(root.classes.currentName)
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.titleText
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
            maximumLineCount: 2
            elide: Text.ElideRight
        }
        InputField {
            id: search
            objectName: "classSearch"
            Layout.fillWidth: true
            glyph: "search"
            placeholderText: qsTr("Name or number")
            text: root.classes.filter
            onTextEdited: root.classes.filter = text
            onAccepted: {
                root.classes.current = root.classes.firstVisible()
                root.finish()
            }
            onDone: root.finish()
            Accessible.name: qsTr("Find a class")
        }
        ChoiceList {
            id: list
            objectName: "classList"
            Layout.fillWidth: true
            Layout.fillHeight: true
            model: root.classes
            onActiveFocusChanged: {
                if (activeFocus)
                    currentIndex = Math.max(0, root.classes.rowOf(root.classes.current))
            }
            onChosen: entry => entry.clicked()
            Accessible.name: qsTr("Classes")

            delegate: ClassDelegate {
                width: list.width
                current: root.classes.current === number
                ringed: list.activeFocus && ListView.isCurrentItem
                onClicked: {
                    root.classes.current = number
                    root.done()
                }
            }

            Text {
                anchors { left: parent.left; right: parent.right; top: parent.top; topMargin: 12 }
                visible: root.classes.count === 0
                text: qsTr("No class is called “%1”.").arg(root.classes.filter)
                textFormat: Text.PlainText
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
                wrapMode: Text.Wrap
            }
        }
    }
}
