import QtQuick
import Tessera

// The strip above a pane: what it shows, and how large it is.
Rectangle {
    id: root

    required property string glyph
    required property string title
    property string detail: ""
    property alias elide: words.elide
    property alias titleName: words.objectName

    // What the pane shows comes first; how large it is stands beside it where there is room.
    readonly property bool roomy: words.implicitWidth + size.implicitWidth + 76 <= width

    implicitHeight: Theme.paneHeader
    color: Theme.window

    HoverHandler { id: pointer }
    Tip {
        owner: root
        wanted: pointer.hovered && words.truncated
        text: root.title
    }

    Icon {
        id: icon
        anchors { left: parent.left; leftMargin: 12; verticalCenter: parent.verticalCenter }
        width: 16
        height: 16
        name: root.glyph
        color: Theme.quietText
    }
    Text {
        id: words
        anchors {
            left: icon.right; leftMargin: 8; right: root.roomy ? size.left : parent.right; rightMargin: Theme.gap
            verticalCenter: parent.verticalCenter
        }
        text: root.title
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.bodyText
        elide: Text.ElideMiddle
    }
    Text {
        id: size
        visible: root.roomy
        anchors { right: parent.right; rightMargin: 12; verticalCenter: parent.verticalCenter }
        text: root.detail
        color: Theme.quietText
        font.pixelSize: Theme.bodyText
    }
    Rectangle {
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: 1
        color: Theme.line
    }
}
