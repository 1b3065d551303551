import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// What decides the picture beside the map.
Rectangle {
    id: root

    required property RenderSettings settings
    required property RenderController controller
    required property CanvasView view
    required property bool withMap
    required property bool hasPicture

    signal done() // a choice is made with the mouse: back to painting

    implicitWidth: 224
    color: Theme.panel

    Rectangle {
        anchors { top: parent.top; bottom: parent.bottom; left: parent.left }
        width: 1
        color: Theme.line
    }

    ColumnLayout {
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: 14 }
        spacing: 10

        PanelTitle {
            visible: root.settings.controls.length > 0
            text: qsTr("Scene")
        }
        Repeater {
            model: root.settings.controls

            ChoiceRow {
                id: choice

                required property var modelData

                Layout.fillWidth: true
                boxName: "control_" + modelData.key
                title: modelData.title
                values: modelData.values
                currentIndex: root.settings.chosen[modelData.key]
                onChosen: index => root.settings.setControlIndex(choice.modelData.key, index)
                onDone: root.done()
            }
        }
        PanelTitle {
            Layout.topMargin: root.settings.controls.length > 0 ? 10 : 0
            text: qsTr("Chance")
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: 4

            Text {
                Layout.preferredWidth: 60
                text: qsTr("Seed")
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
            }
            InputField {
                objectName: "seedField"
                Layout.fillWidth: true
                leftPadding: 7 // ten digits are seen
                rightPadding: 7
                text: root.settings.seed.toFixed(0)
                inputMethodHints: Qt.ImhDigitsOnly
                validator: RegularExpressionValidator { regularExpression: /\d{1,10}/ }
                onTextEdited: { // at once: a render may begin before the field is left
                    if (acceptableInput)
                        root.settings.seed = Number(text)
                }
                onAccepted: root.done()
                onDone: root.done()
                onActiveFocusChanged: { // one that was emptied is there again
                    if (!activeFocus)
                        text = Qt.binding(() => root.settings.seed.toFixed(0))
                }
                Accessible.name: qsTr("Seed")
            }
            IconButton {
                objectName: "rerollButton"
                side: Theme.control
                glyph: "dice"
                hint: qsTr("Another seed: another picture of the same map")
                onClicked: root.settings.rerollSeed()
            }
        }
        SliderRow {
            Layout.fillWidth: true
            Layout.topMargin: 4
            sliderName: "temperatureSlider"
            title: qsTr("Variety")
            valueText: root.settings.temperature.toFixed(2)
            hint: qsTr("Low: calm and smooth. High: adventurous and rough.")
            from: 0.1
            to: 1.5
            stepSize: 0.05
            value: root.settings.temperature
            onMoved: value => root.settings.temperature = value
        }
        SliderRow {
            Layout.fillWidth: true
            Layout.topMargin: 4
            visible: root.settings.guidanceActs
            sliderName: "guidanceSlider"
            title: qsTr("Faithfulness")
            valueText: root.settings.guidance.toFixed(1)
            hint: qsTr("How closely the picture follows the map. Above 1 rendering takes twice as long.")
            from: 1
            to: 10
            stepSize: 0.1
            value: root.settings.guidance
            onMoved: value => root.settings.guidance = value
        }
        ChoiceRow {
            Layout.fillWidth: true
            Layout.topMargin: 4
            visible: root.controller.fasterOffered
            boxName: "speedBox"
            title: qsTr("Speed")
            hint: qsTr("Fast: about half the time. A seed's picture may be another than in Exact.")
            values: [qsTr("Exact"), qsTr("Fast")]
            currentIndex: root.controller.fast ? 1 : 0
            onChosen: index => root.controller.fast = index === 1
            onDone: root.done()
        }
        PanelTitle {
            Layout.topMargin: 10
            visible: root.withMap
            text: qsTr("View")
        }
        SliderRow {
            Layout.fillWidth: true
            visible: root.withMap
            enabled: root.hasPicture
            sliderName: "traceSlider"
            title: qsTr("Picture over map")
            valueText: qsTr("%1 %").arg(Math.round(root.view.trace * 100))
            hint: qsTr("Shows the picture on the map, to paint where things are")
            from: 0
            to: 1
            stepSize: 0.05
            value: root.view.trace
            onMoved: value => root.view.trace = value
        }
    }
}
