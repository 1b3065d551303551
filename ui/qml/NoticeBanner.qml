import QtQuick
import Tessera

// A message at the top of the work area; the work goes on below it.
Rectangle {
    id: root

    required property Notices notices
    required property Actions actions

    readonly property color tone: notices.kind === Notices.Problem ? Theme.problem
                                : notices.kind === Notices.Warning ? Theme.warning : Theme.accent

    objectName: "banner"
    visible: notices.shown
    height: visible ? Math.max(words.implicitHeight, 36) + 20 : 0
    color: Qt.tint(Theme.panel, Qt.rgba(tone.r, tone.g, tone.b, 0.16))
    Accessible.role: Accessible.AlertMessage
    Accessible.name: notices.title + ". " + notices.detail

    // What lies below is not painted on through it.
    MouseArea {
        anchors.fill: parent
        acceptedButtons: Qt.AllButtons
        hoverEnabled: true
        onWheel: wheel => wheel.accepted = true
    }
    Rectangle {
        width: 3
        height: parent.height
        color: root.tone
    }
    Icon {
        id: icon
        anchors { left: parent.left; leftMargin: 16; top: parent.top; topMargin: 14 }
        name: root.notices.kind === Notices.Info ? "info" : "warning"
        color: root.tone
    }
    Column {
        id: words
        anchors {
            left: icon.right; leftMargin: 12; right: buttons.left; rightMargin: 12
            verticalCenter: parent.verticalCenter
        }
        spacing: 2

        Text {
            objectName: "bannerTitle"
            width: parent.width
            text: root.notices.title
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.bodyText
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
        }
        Text {
            objectName: "bannerDetail"
            width: parent.width
            visible: text !== ""
            text: root.notices.detail
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.bodyText
            wrapMode: Text.Wrap
        }
    }
    Row {
        id: buttons
        anchors { right: parent.right; rightMargin: 8; verticalCenter: parent.verticalCenter }
        spacing: 6

        TextButton {
            objectName: "bannerModelButton"
            anchors.verticalCenter: parent.verticalCenter
            visible: root.notices.offersModel
            text: qsTr("Open a model…")
            onClicked: root.actions.openModel()
        }
        IconButton {
            objectName: "bannerClose"
            anchors.verticalCenter: parent.verticalCenter
            side: 32
            glyph: "close"
            hint: qsTr("Dismiss")
            onClicked: root.notices.dismiss()
        }
    }
    Rectangle {
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: 1
        color: Theme.line
    }
}
