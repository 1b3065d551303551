import QtQuick
import QtQuick.Controls.Basic
import Tessera

// What a control does, shown after a moment below it, or beside it where others stand below.
ToolTip {
    id: root

    required property Item owner
    required property bool wanted // the pointer rests on the owner
    property bool beside: false

    visible: wanted && text !== ""
    delay: 500
    x: beside ? owner.width + 8 : Math.round((owner.width - width) / 2)
    y: beside ? Math.round((owner.height - height) / 2) : owner.height + 6
    padding: 7
    leftPadding: 10
    rightPadding: 10

    contentItem: Text {
        text: root.text
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.bodyText
    }
    background: Rectangle {
        radius: 5
        color: "#0f1011"
        border.width: 1
        border.color: Theme.edge
    }
}
