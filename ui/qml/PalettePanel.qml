import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

SidePanel {
    id: root

    required property PaletteModel labels
    required property PaintTools tools

    signal done() // the choice is made: back to painting

    function focusSearch() {
        search.forceActiveFocus()
        search.selectAll()
    }

    implicitWidth: 208

    ColumnLayout {
        anchors { fill: parent; margins: 12; rightMargin: 13 }
        spacing: 10

        CurrentLabel {
            Layout.fillWidth: true
            labels: root.labels
            tools: root.tools
        }
        BrushSlider {
            Layout.fillWidth: true
            tools: root.tools
        }
        InputField {
            id: search
            objectName: "labelSearch"
            Layout.fillWidth: true
            glyph: "search"
            placeholderText: qsTr("Find a label")
            text: root.labels.filter
            onTextEdited: root.labels.filter = text
            onAccepted: {
                const found = root.labels.firstVisible()
                root.labels.filter = ""
                if (found >= 0)
                    root.tools.label = found
                list.show(root.tools.label)
                root.done()
            }
            onDone: {
                root.labels.filter = ""
                root.done()
            }
            Accessible.name: qsTr("Find a label")
        }
        ChoiceList {
            id: list
            objectName: "labelList"
            Layout.fillWidth: true
            Layout.fillHeight: true
            model: root.labels
            onActiveFocusChanged: {
                if (activeFocus)
                    currentIndex = Math.max(0, root.labels.rowOf(root.tools.label))
            }
            onChosen: entry => entry.clicked()
            Accessible.name: qsTr("Labels")

            function show(label) {
                if (root.labels.rowOf(label) >= 0)
                    positionViewAtIndex(root.labels.rowOf(label), ListView.Contain)
            }

            section.property: "group"
            section.delegate: PanelTitle {
                required property string section

                width: list.width
                topPadding: 10
                bottomPadding: 5
                text: section
            }
            delegate: LabelDelegate {
                width: list.width
                current: root.tools.label === label && root.tools.tool !== PaintTools.Eraser
                ringed: list.activeFocus && ListView.isCurrentItem
                onClicked: {
                    root.tools.label = label
                    root.done()
                }
            }

            // A label that was picked or translated is shown.
            Connections {
                target: root.tools
                function onLabelChanged() { list.show(root.tools.label) }
            }

            Text {
                anchors { left: parent.left; right: parent.right; top: parent.top; topMargin: 12 }
                visible: root.labels.count === 0
                text: qsTr("No label is called “%1”.").arg(root.labels.filter)
                textFormat: Text.PlainText
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
                wrapMode: Text.Wrap
            }
        }
    }
}
