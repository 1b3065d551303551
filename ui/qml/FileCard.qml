import QtQuick
import QtQuick.Layouts
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// Chooses a file to read or to write. Works the same on every desktop, and with the keyboard alone.
Card {
    id: root

    required property FolderModel folder

    property bool saving: false
    property bool modelFolders: false // folders that hold a model are chosen like files
    property var whenChosen: null // function(url)
    property string wanted: "" // what a file to be written is called where nothing has that name
    property string own: "" // the path of the file that may be written over
    property string proposal: "" // the name that was proposed last
    property bool unreadable: false // the folder that was to be entered

    readonly property string name: nameField.text.trim()
    // What the folder says of a name changes with its path.
    readonly property bool writes: saving && name !== "" && folder.path !== "" && !folder.isFolder(name)
    // What is written: a name without a suffix gets that of the first kind.
    readonly property string target: writes && !/\.[^.\/]+$/.test(name) ? name + folder.nameFilters[0].slice(1) : name
    readonly property bool fits: !writes || folder.nameFilters.some(kind => target.toLowerCase().endsWith(kind.slice(1)))
    readonly property bool replaces: visible && writes && fits && folder.path !== "" && folder.exists(target)

    // `filters`: ["*.png", ...].
    function ask(heading, filters, action) {
        modelFolders = false
        show(heading, false, filters, action)
        nameField.text = ""
    }
    function askForModel(heading, filters, action) {
        modelFolders = true
        show(heading, false, filters, action)
        nameField.text = ""
    }
    // Proposes `name`, or one like it that replaces nothing but the file whose path is `ownFile`.
    function askWhere(heading, filters, name, ownFile, action) {
        modelFolders = false
        wanted = name
        own = ownFile
        show(heading, true, filters, action)
        propose()
    }
    function show(heading, save, filters, action) {
        title = heading
        saving = save
        whenChosen = action
        unreadable = false
        folder.nameFilters = filters
        open()
    }
    function propose() {
        proposal = folder.absolute(wanted) === own ? wanted : folder.freeName(wanted)
        nameField.text = proposal
        nameField.select(0, Math.max(0, proposal.lastIndexOf("."))) // typing keeps the suffix
    }

    function choose() {
        if (name === "" || !fits)
            return
        if (modelFolders && folder.isModelFolder(name))
            take(name)
        else if (folder.isFolder(name))
            goInto(name)
        else
            take(saving ? target : name)
    }
    // A folder never takes the place of the name that a file is to be written under.
    function nameEntry(entry) {
        if (!saving || !folder.isFolder(entry))
            nameField.text = entry
    }
    // By the keyboard.
    function takeEntry(entry) {
        if (modelFolders && folder.isModelFolder(entry))
            take(entry)
        else
            openEntry(entry)
    }
    // By a double-click: into a folder, also one that holds a model, or done with a file. One that would be replaced is
    // only named, so that this is seen before.
    function openEntry(entry) {
        nameEntry(entry)
        if (folder.isFolder(entry))
            goInto(entry)
        else if (saving)
            nameField.forceActiveFocus()
        else
            take(entry)
    }
    function goInto(entry) {
        unreadable = !folder.enter(entry)
        if (unreadable)
            return
        if (!saving)
            nameField.text = ""
        else if (name === entry) // it was typed
            propose()
        list.currentIndex = 0
    }
    function endings() {
        return folder.nameFilters.map(kind => kind.slice(1)).join("  ")
    }
    function take(name) {
        close()
        const action = whenChosen
        action(folder.url(name))
    }

    objectName: "fileCard"
    bodyWidth: Math.min(600, (parent ? parent.width : 640) - 120)
    title: ""
    onOpened: nameField.forceActiveFocus()

    Connections {
        target: root.folder
        function onPathChanged() {
            root.unreadable = false
            if (root.saving && root.name === root.proposal)
                root.propose()
        }
    }

    ColumnLayout {
        width: parent.width
        height: Math.min(430, (root.parent ? root.parent.height : 480) - 200)
        spacing: 10

        RowLayout {
            Layout.fillWidth: true
            spacing: 4

            IconButton {
                objectName: "folderUp"
                glyph: "up"
                side: Theme.control
                hint: qsTr("The folder above")
                onClicked: root.folder.goUp()
            }
            IconButton {
                objectName: "folderHome"
                glyph: "home"
                side: Theme.control
                hint: qsTr("Home folder")
                onClicked: root.folder.goHome()
            }
            Text {
                objectName: "folderPath"
                Layout.fillWidth: true
                Layout.leftMargin: 6
                text: root.folder.path
                textFormat: Text.PlainText
                color: Theme.quietText
                font.pixelSize: Theme.bodyText
                elide: Text.ElideLeft
            }
        }
        Rectangle {
            Layout.fillWidth: true
            Layout.fillHeight: true
            radius: Theme.radius
            color: Theme.window
            border.width: 1
            border.color: Theme.line

            ChoiceList {
                id: list
                objectName: "fileList"
                anchors { fill: parent; margins: 5 }
                model: root.folder
                onActiveFocusChanged: {
                    if (activeFocus)
                        currentIndex = Math.max(0, currentIndex)
                }
                onChosen: entry => root.takeEntry(entry.name)
                Accessible.name: qsTr("Files")

                delegate: FileDelegate {
                    width: list.width
                    chosen: nameField.text === name
                    ringed: list.activeFocus && ListView.isCurrentItem
                    onClicked: root.nameEntry(name)
                    onDoubleClicked: root.openEntry(name)
                }
                Text {
                    anchors.centerIn: parent
                    visible: root.folder.count === 0
                    text: qsTr("No folders and no fitting files here.")
                    color: Theme.quietText
                    font.pixelSize: Theme.bodyText
                }
            }
        }
        InputField {
            id: nameField
            objectName: "fileName"
            Layout.fillWidth: true
            placeholderText: root.saving ? qsTr("File name") : qsTr("File name or path")
            onAccepted: root.choose()
            onTextChanged: root.unreadable = false
            Accessible.name: qsTr("File name")
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: 8

            TextButton {
                objectName: "openFolderButton"
                visible: root.modelFolders
                enabled: root.folder.isModelFolder(root.folder.path)
                text: qsTr("Open this folder")
                hint: qsTr("The model that lies here   Enter a folder by double-click")
                onClicked: root.take(root.folder.path)
            }
            Text {
                Layout.fillWidth: true
                objectName: "fileWarning"
                Accessible.role: Accessible.AlertMessage
                Accessible.name: text
                text: root.unreadable ? qsTr("This folder cannot be read.")
                    : root.replaces ? qsTr("A file of this name is there and will be replaced.")
                    : root.fits ? "" : qsTr("Names end in one of %1.").arg(root.endings())
                color: Theme.warning
                font.pixelSize: Theme.bodyText
                elide: Text.ElideRight
            }
            TextButton {
                text: qsTr("Cancel")
                onClicked: root.close()
            }
            TextButton {
                objectName: "chooseButton"
                primary: true
                text: root.replaces ? qsTr("Replace") : root.saving ? qsTr("Save") : qsTr("Open")
                enabled: root.name !== "" && root.fits
                onClicked: root.choose()
            }
        }
    }
}
