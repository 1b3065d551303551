import QtQuick
import Tessera

// What menus, buttons and keys share: the verbs that open a card.
QtObject {
    id: root

    required property Session session
    required property FileCard files
    required property NewCanvasCard canvasCard

    readonly property var mapFilters: ["*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff", "*.bmp"]
    readonly property var pictureFilters: ["*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff"]

    property string pictureName: qsTr("picture.png")
    property string mapName: qsTr("map.png")

    function newCanvas() {
        canvasCard.open()
    }
    function openMap() {
        files.ask(qsTr("Open a map"), false, mapFilters, "", url => root.session.openMap(url))
    }
    function openModel() {
        files.ask(qsTr("Open a model"), false, ["*.safetensors", "*.ckpt"], "", url => root.session.openModel(url))
    }
    function saveMap() {
        files.ask(qsTr("Save the map as PNG or TIFF"), true, ["*.png", "*.tif", "*.tiff"], mapName,
                  url => root.session.saveMap(url))
    }
    function savePicture() {
        if (!session.picture.empty)
            files.ask(qsTr("Save the picture as PNG, JPEG, WebP or TIFF"), true, pictureFilters, pictureName,
                      url => root.session.savePicture(url))
    }
    function openAny(url) {
        if (url.toString().toLowerCase().endsWith(".safetensors"))
            session.openModel(url)
        else
            session.openMap(url)
    }
}
