import QtQuick
import QtQuick.Controls.Basic
import Tessera

// A name and a list to choose one value from.
Item {
    id: root

    required property string title
    required property var values
    property alias currentIndex: box.currentIndex
    property alias boxName: box.objectName
    property string hint: ""

    signal chosen(int index)
    signal done() // the mouse opened the list, and it is closed again: back to painting

    implicitHeight: Theme.control
    implicitWidth: 200

    Text {
        anchors { left: parent.left; verticalCenter: parent.verticalCenter }
        width: 60
        text: root.title
        textFormat: Text.PlainText
        color: Theme.quietText
        font.pixelSize: Theme.bodyText
        elide: Text.ElideRight
    }

    // Delegates see what stands around them by its id.
    // qmllint disable unqualified
    ComboBox {
        id: box
        anchors { left: parent.left; leftMargin: 64; right: parent.right }
        height: Theme.control
        model: root.values
        focusPolicy: Qt.TabFocus
        hoverEnabled: true
        font.pixelSize: Theme.bodyText
        onActivated: index => root.chosen(index)
        Accessible.name: root.title

        Tip {
            owner: box
            wanted: root.hint !== "" && box.hovered && !box.popup.visible
            text: root.hint
        }

        background: Rectangle {
            radius: Theme.radius
            color: box.down ? Theme.pressed : box.hovered ? Theme.hover : Theme.raised
            border.width: 1
            border.color: box.visualFocus ? Theme.accent : Theme.edge
        }
        contentItem: Text {
            leftPadding: 10
            rightPadding: 26
            verticalAlignment: Text.AlignVCenter
            text: box.displayText
            textFormat: Text.PlainText
            color: box.enabled ? Theme.text : Theme.disabledText
            font: box.font
            elide: Text.ElideRight
        }
        indicator: Icon {
            x: box.width - width - 8
            y: (box.height - height) / 2
            width: 14
            height: 14
            name: "down"
            color: Theme.quietText
        }
        delegate: ItemDelegate {
            id: entry

            required property int index
            required property string modelData

            width: ListView.view ? ListView.view.width : 0
            height: Theme.control
            highlighted: box.highlightedIndex === index
            Accessible.name: modelData

            background: Rectangle {
                radius: 4
                color: entry.highlighted ? Theme.hover : "transparent"
            }
            contentItem: Text {
                verticalAlignment: Text.AlignVCenter
                text: entry.modelData
                textFormat: Text.PlainText
                color: box.currentIndex === entry.index ? Theme.accentHover : Theme.text
                font: box.font
                elide: Text.ElideRight
            }
        }
        popup: Popup { // qmllint disable deferred-property-id
            property bool byMouse: false

            y: box.height + 2
            width: box.width
            height: Math.min(list.contentHeight + 8, 320)
            padding: 4
            onAboutToShow: {
                byMouse = !box.visualFocus
                box.forceActiveFocus(Qt.PopupFocusReason) // it reads the keys of its list
            }
            onClosed: {
                if (byMouse)
                    root.done()
            }

            background: Rectangle {
                radius: Theme.radius
                color: Theme.raised
                border.width: 1
                border.color: Theme.edge
            }
            contentItem: ListView { // qmllint disable deferred-property-id
                id: list
                clip: true
                model: box.popup.visible ? box.delegateModel : null // qmllint disable type
                currentIndex: box.highlightedIndex
            }
        }
    }
    // qmllint enable unqualified
}
