import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

Rectangle {
    id: root

    required property PaletteModel labels
    required property PaintTools tools

    signal done() // the choice is made: back to painting

    function focusSearch() {
        search.forceActiveFocus()
        search.selectAll()
    }

    implicitWidth: 208
    color: Theme.panel

    Rectangle {
        anchors { top: parent.top; bottom: parent.bottom; right: parent.right }
        width: 1
        color: Theme.line
    }

    ColumnLayout {
        anchors { fill: parent; margins: 12; rightMargin: 13 }
        spacing: 10

        CurrentLabel {
            Layout.fillWidth: true
            labels: root.labels
            tools: root.tools
        }
        SliderRow {
            Layout.fillWidth: true
            sliderName: "brushSlider"
            title: qsTr("Brush size")
            valueText: qsTr("%1 px").arg(root.tools.brushSize)
            hint: qsTr("Diameter in pixels of the map   [ and ]")
            // Small brushes need the finer steps.
            from: 0
            to: Math.log2(512)
            value: Math.log2(root.tools.brushSize)
            onMoved: value => root.tools.brushSize = Math.round(Math.pow(2, value))
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
            Keys.onShortcutOverride: event => event.accepted = event.key === Qt.Key_Escape // else it cancels a render
            Keys.onEscapePressed: {
                root.labels.filter = ""
                root.done()
            }
            Accessible.name: qsTr("Find a label")
        }
        ListView {
            id: list
            objectName: "labelList"
            Layout.fillWidth: true
            Layout.fillHeight: true
            clip: true
            model: root.labels
            boundsBehavior: Flickable.StopAtBounds
            cacheBuffer: 0 // delegates made ahead would outlive a change of the list
            activeFocusOnTab: true
            onActiveFocusChanged: {
                if (activeFocus)
                    currentIndex = Math.max(0, root.labels.rowOf(root.tools.label))
            }
            Keys.onReturnPressed: chooseCurrent()
            Keys.onEnterPressed: chooseCurrent()
            Keys.onSpacePressed: chooseCurrent()
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Labels")

            function show(label) {
                if (root.labels.rowOf(label) >= 0)
                    positionViewAtIndex(root.labels.rowOf(label), ListView.Contain)
            }
            function chooseCurrent() {
                if (currentItem)
                    currentItem.clicked()
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
            ScrollBar.vertical: ScrollBar { policy: ScrollBar.AsNeeded }

            // A label that was picked or translated is shown.
            Connections {
                target: root.tools
                function onLabelChanged() { list.show(root.tools.label) }
            }

            Text {
                anchors { left: parent.left; right: parent.right; top: parent.top; topMargin: 12 }
                visible: root.labels.count === 0
                text: qsTr("No label is called “%1”.").arg(root.labels.filter)
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
                wrapMode: Text.Wrap
            }
        }
    }
}
