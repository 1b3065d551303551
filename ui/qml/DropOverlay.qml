import QtQuick
import Tessera

// Shown while a file is held over the window.
Rectangle {
    color: "#d0101113"

    Rectangle {
        anchors { fill: parent; margins: 24 }
        radius: 12
        color: "transparent"
        border.width: 2
        border.color: Theme.accent
    }
    Column {
        anchors.centerIn: parent
        width: Math.min(parent.width - 96, 420)
        spacing: 12

        Icon {
            anchors.horizontalCenter: parent.horizontalCenter
            width: 48
            height: 48
            name: "open"
            color: Theme.accentHover
        }
        Text {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: qsTr("Drop to open")
            color: Theme.text
            font.pixelSize: 17
            font.weight: Font.DemiBold
        }
        Text {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: qsTr("A map of labels, depth or edges, or a model: a file or its folder.")
            color: Theme.quietText
            font.pixelSize: Theme.bodyText
            wrapMode: Text.Wrap
        }
    }
}
