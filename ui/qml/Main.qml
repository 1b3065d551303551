import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import Tessera

ApplicationWindow {
    id: window

    required property Session session

    property bool quitConfirmed: false
    readonly property bool asking: newCanvasCard.visible || fileCard.visible || quitCard.visible

    function backToCanvas() {
        mapPane.canvas.forceActiveFocus()
    }

    width: 1280
    height: 800
    minimumWidth: 960
    minimumHeight: 600
    visible: true
    title: session.document.modified ? qsTr("%1 • – Tessera").arg(session.document.title)
                                     : qsTr("%1 – Tessera").arg(session.document.title)
    color: Theme.window
    font.pixelSize: Theme.bodyText
    palette {
        window: Theme.window
        windowText: Theme.text
        base: Theme.window
        text: Theme.text
        button: Theme.raised
        buttonText: Theme.text
        highlight: Theme.accent
        highlightedText: Theme.accentInk
        dark: Theme.edge
        mid: Theme.edge
    }
    onClosing: close => {
        if (!quitConfirmed && session.unsavedText !== "") {
            close.accepted = false
            quitCard.open()
        }
    }
    onAskingChanged: {
        if (!asking)
            backToCanvas()
    }
    Component.onCompleted: backToCanvas()

    Actions {
        id: actions
        session: window.session
        files: fileCard
        canvasCard: newCanvasCard
    }

    KeyMap {
        enabled: !window.asking
        session: window.session
        actions: actions
        onSearchWanted: palettePanel.focusSearch()
        onQuitWanted: window.close()
    }

    DropArea {
        anchors.fill: parent
        onDropped: drop => {
            if (drop.hasUrls)
                actions.openAny(drop.urls[0])
        }
    }

    TopBar {
        id: topBar
        anchors { left: parent.left; right: parent.right; top: parent.top }
        session: window.session
        actions: actions
    }

    ToolStrip {
        id: toolStrip
        anchors { left: parent.left; top: topBar.bottom; bottom: statusBar.top }
        tools: window.session.tools
    }

    PalettePanel {
        id: palettePanel
        anchors { left: toolStrip.right; top: topBar.bottom; bottom: statusBar.top }
        labels: window.session.palette
        tools: window.session.tools
        onDone: window.backToCanvas()
    }

    NoticeBanner {
        id: banner
        anchors { left: palettePanel.right; right: renderPanel.left; top: topBar.bottom }
        notices: window.session.notices
        actions: actions
    }

    SplitView {
        anchors { left: palettePanel.right; right: renderPanel.left; top: banner.bottom; bottom: statusBar.top }
        handle: Rectangle {
            implicitWidth: 5
            color: T.SplitHandle.pressed ? Theme.accent : T.SplitHandle.hovered ? Theme.edge : Theme.line
        }

        MapPane {
            id: mapPane
            SplitView.preferredWidth: (parent.width - 5) / 2
            SplitView.minimumWidth: 200
            session: window.session
        }
        PicturePane {
            SplitView.fillWidth: true
            SplitView.minimumWidth: 200
            session: window.session
            actions: actions
        }
    }

    RenderPanel {
        id: renderPanel
        anchors { right: parent.right; top: topBar.bottom; bottom: statusBar.top }
        settings: window.session.settings
        view: window.session.view
    }

    StatusBar {
        id: statusBar
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        session: window.session
        actions: actions
        canvas: mapPane.canvas
    }

    NewCanvasCard {
        id: newCanvasCard
        document: window.session.document
    }

    FileCard {
        id: fileCard
        folder: window.session.folder
    }

    QuitCard {
        id: quitCard
        unsavedText: window.session.unsavedText
        onDiscarded: {
            window.quitConfirmed = true
            window.close()
        }
    }
}
