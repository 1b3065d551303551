import QtQuick
import Tessera

// What menus, buttons and keys share: the verbs that open a card.
QtObject {
    id: root

    required property Session session
    required property FileCard files
    required property NewCanvasCard canvasCard
    required property ModelCard modelCard

    readonly property var mapFilters: ["*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff", "*.bmp"]
    readonly property var modelFilters: ["*.safetensors", "*.safetensors.index.json", "*.ckpt", "*.pt", "*.pth", "*.bin"]
    readonly property var pictureFilters: ["*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff"]

    // What saving proposes: the name that was given last, see FileCard.askWhere().
    property string pictureName: qsTr("picture.png")
    property string labelsName: qsTr("map.png")
    property string depthName: qsTr("depth.png")
    property string edgesName: qsTr("edges.png")

    // Where maps, models, photos and pictures were opened or saved last.
    property var folders: ({})

    function mapNameKey() {
        return session.source === Session.Depth ? "depthName"
             : session.source === Session.Edges ? "edgesName" : "labelsName"
    }
    function lastPart(url) {
        return decodeURIComponent(url.toString().split("/").pop())
    }
    function goToFolder(kind) {
        if (folders[kind])
            files.folder.path = folders[kind]
    }
    function remember(kind, url) {
        folders[kind] = files.folder.folderOf(url)
    }
    function chooseFile(kind, title, filters, action) {
        goToFolder(kind)
        files.ask(title, filters, url => {
            remember(kind, url)
            action(url)
        })
    }
    // `key`: the property that remembers the name. `action` says whether it was saved.
    function chooseTarget(kind, title, filters, key, own, action) {
        goToFolder(kind)
        files.askWhere(title, filters, own !== "" ? own.split("/").pop() : root[key], own, url => {
            remember(kind, url)
            if (action(url) && lastPart(url) !== files.proposal)
                root[key] = lastPart(url)
        })
    }

    function newCanvas() {
        canvasCard.open()
    }
    // A model that comes while the card is open may put another map in hand: the one that was asked for stays the one.
    function openMap() {
        const source = session.source
        const title = session.source === Session.Depth ? qsTr("Open a depth picture: near is bright")
                    : session.source === Session.Edges ? qsTr("Open a map of edges") : qsTr("Open a map, or a picture painted here")
        chooseFile("map", title, mapFilters, url => root.session.openMap(source, url))
    }
    function openModel() {
        goToFolder("model")
        files.askForModel(qsTr("Open a model: a file, or the folder of a published one"), modelFilters, url => {
            root.remember("model", url)
            root.session.openModel(url)
        })
    }
    function openPhotoAsEdges() {
        chooseFile("photo", qsTr("Take the edges of a photo"), mapFilters, url => root.session.openPhotoAsEdges(url))
    }
    function showModel() {
        modelCard.open()
    }
    function saveMap() {
        const source = session.source
        const own = session.ownFile(source)
        session.holdMap(source)
        if (own !== "")
            folders["map"] = files.folder.absolute(own + "/..")
        chooseTarget("map", qsTr("Save the map as PNG or TIFF"), ["*.png", "*.tif", "*.tiff"], mapNameKey(), own,
                     url => root.session.saveMap(source, url))
    }
    function savePicture() {
        if (session.picture.empty)
            return
        session.holdPicture()
        const title = session.controller.busy ? qsTr("Save the picture as it is so far: it is still being drawn")
                                              : qsTr("Save the picture as PNG, JPEG, WebP or TIFF")
        chooseTarget("picture", title, pictureFilters, "pictureName", "", url => root.session.savePicture(url))
    }
}
