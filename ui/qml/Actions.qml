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

    // What saving proposes: the name it was saved under before.
    property string pictureName: qsTr("picture.png")
    property string labelsName: qsTr("map.png")
    property string depthName: qsTr("depth.png")
    property string edgesName: qsTr("edges.png")

    function mapNameKey() {
        return session.source === Session.Depth ? "depthName"
             : session.source === Session.Edges ? "edgesName" : "labelsName"
    }
    function lastPart(url) {
        return decodeURIComponent(url.toString().split("/").pop())
    }

    function newCanvas() {
        canvasCard.open()
    }
    // A model that comes while the card is open may put another map in hand: the one that was asked for stays the one.
    function openMap() {
        const source = session.source
        const title = session.source === Session.Depth ? qsTr("Open a depth picture: near is bright")
                    : session.source === Session.Edges ? qsTr("Open a map of edges") : qsTr("Open a map, or a picture painted here")
        files.ask(title, false, mapFilters, "", url => root.session.openMap(source, url))
    }
    function openModel() {
        files.askForModel(qsTr("Open a model: a file, or the folder of a published one"), modelFilters,
                          url => root.session.openModel(url))
    }
    function openPhotoAsEdges() {
        files.ask(qsTr("Take the edges of a photo"), false, mapFilters, "", url => root.session.openPhotoAsEdges(url))
    }
    function showModel() {
        modelCard.open()
    }
    function saveMap() {
        const source = session.source
        const key = mapNameKey()
        session.holdMap(source)
        files.ask(qsTr("Save the map as PNG or TIFF"), true, ["*.png", "*.tif", "*.tiff"], root[key], url => {
            if (root.session.saveMap(source, url))
                root[key] = root.lastPart(url)
        })
    }
    function savePicture() {
        if (session.picture.empty)
            return
        session.holdPicture()
        const title = session.controller.busy ? qsTr("Save the picture as it is so far: it is still being drawn")
                                              : qsTr("Save the picture as PNG, JPEG, WebP or TIFF")
        files.ask(title, true, pictureFilters, pictureName, url => {
            if (root.session.savePicture(url))
                root.pictureName = root.lastPart(url)
        })
    }
}
