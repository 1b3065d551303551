import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import Tessera

ApplicationWindow {
    id: window

    required property Session session

    property bool quitConfirmed: false
    readonly property bool asking: newCanvasCard.visible || fileCard.visible || modelCard.visible
                                   || quitCard.visible
    readonly property bool withMap: session.needsMap
    readonly property bool fields: session.source === Session.Depth || session.source === Session.Edges

    function backToCanvas() {
        (withMap ? mapPane.canvas : picturePane.canvas).forceActiveFocus()
    }

    // No larger than the screen, as far as the work has room there.
    width: Math.max(minimumWidth, Math.min(1280, Screen.width, Screen.desktopAvailableWidth))
    height: Math.max(minimumHeight, Math.min(800, Screen.height, Screen.desktopAvailableHeight))
    minimumWidth: 960
    minimumHeight: 600
    visible: true
    title: !withMap ? qsTr("Tessera")
         : session.document.modified ? qsTr("%1 • – Tessera").arg(session.document.title)
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
    onWithMapChanged: {
        if (!asking)
            backToCanvas()
    }
    onActiveFocusItemChanged: { // a field was left by a press elsewhere
        if (activeFocusItem === contentItem && !asking)
            backToCanvas()
    }
    Component.onCompleted: backToCanvas()

    Actions {
        id: actions
        session: window.session
        files: fileCard
        canvasCard: newCanvasCard
        modelCard: modelCard
    }

    KeyMap {
        enabled: !window.asking
        session: window.session
        actions: actions
        onSearchWanted: {
            if (palettePanel.visible)
                palettePanel.focusSearch()
            else if (classPanel.visible)
                classPanel.focusSearch()
        }
        onSourceChosen: window.backToCanvas()
        onQuitWanted: window.close()
    }

    DropArea {
        id: dropArea
        anchors.fill: parent
        onEntered: drag => drag.accepted = drag.hasUrls && !window.asking
        onDropped: drop => window.session.openAny(drop.urls[0])
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
        width: visible ? implicitWidth : 0
        visible: window.withMap
        tools: window.session.tools
        fields: window.fields
        depth: window.session.source === Session.Depth
    }

    // One panel at a time, below the choice of what to paint from: what there is to paint or to choose with.
    Item {
        id: leftPanel
        anchors { left: toolStrip.right; top: topBar.bottom; bottom: statusBar.top }
        width: palettePanel.visible ? palettePanel.implicitWidth
             : fieldPanel.visible ? fieldPanel.implicitWidth : classPanel.visible ? classPanel.implicitWidth : 0

        SourceChoice {
            id: sourceChoice
            anchors { left: parent.left; right: parent.right; top: parent.top }
            height: visible ? implicitHeight : 0
            visible: window.session.sources.length > 1
            session: window.session
            onDone: window.backToCanvas()
        }
        PalettePanel {
            id: palettePanel
            anchors { left: parent.left; right: parent.right; top: sourceChoice.bottom; bottom: parent.bottom }
            visible: window.session.source === Session.Labels
            labels: window.session.palette
            tools: window.session.tools
            onDone: window.backToCanvas()
        }
        FieldPanel {
            id: fieldPanel
            anchors { left: parent.left; right: parent.right; top: sourceChoice.bottom; bottom: parent.bottom }
            visible: window.fields
            tools: window.session.tools
            depth: window.session.source !== Session.Edges
            actions: actions
        }
        ClassPanel {
            id: classPanel
            anchors { left: parent.left; right: parent.right; top: sourceChoice.bottom; bottom: parent.bottom }
            visible: window.session.source === Session.Class
            classes: window.session.classes
            onDone: window.backToCanvas()
        }
    }

    // Over the panes: what one paints on does not move under the pen.
    NoticeBanner {
        z: 1
        anchors { left: leftPanel.right; right: renderPanel.left; top: topBar.bottom }
        notices: window.session.notices
        actions: actions
    }

    SplitView {
        anchors { left: leftPanel.right; right: renderPanel.left; top: topBar.bottom; bottom: statusBar.top }
        handle: Rectangle {
            implicitWidth: 5
            color: T.SplitHandle.pressed ? Theme.accent : T.SplitHandle.hovered ? Theme.edge : Theme.line
        }

        MapPane {
            id: mapPane
            SplitView.preferredWidth: (parent.width - 5) / 2
            SplitView.minimumWidth: 200
            visible: window.withMap
            session: window.session
        }
        PicturePane {
            id: picturePane
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
        controller: window.session.controller
        view: window.session.view
        withMap: window.withMap
        hasPicture: !window.session.picture.empty
        onDone: window.backToCanvas()
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
        session: window.session
    }

    FileCard {
        id: fileCard
        folder: window.session.folder
    }

    ModelCard {
        id: modelCard
        controller: window.session.controller
        onAnotherWanted: actions.openModel()
        onUnloadWanted: window.session.unloadModel()
    }

    DropOverlay {
        objectName: "dropOverlay"
        anchors.fill: parent
        visible: dropArea.containsDrag
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
