import QtQuick
import Tessera

// Lies over a pane with its origin on the image's, so that what stands in it needs the zoom alone.
Item {
    required property CanvasView view
    required property Item pane

    x: pane.width / 2 - view.centre.x * view.zoom
    y: pane.height / 2 - view.centre.y * view.zoom
}
