import QtQuick
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// Every shortcut of the window. Text fields take letters and digits for themselves before these see them.
Item {
    id: root

    required property Session session
    required property Actions actions

    signal searchWanted()
    signal quitWanted()

    component Key: Shortcut { enabled: root.enabled }

    Key { sequence: "Ctrl+N"; onActivated: root.actions.newCanvas() }
    Key { sequence: "Ctrl+O"; onActivated: root.actions.openMap() }
    Key { sequence: "Ctrl+M"; onActivated: root.actions.openModel() }
    Key { sequence: "Ctrl+S"; onActivated: root.actions.savePicture() }
    Key { sequence: "Ctrl+Shift+S"; onActivated: root.actions.saveMap() }
    Key { sequence: "Ctrl+Q"; onActivated: root.quitWanted() }

    Key { sequence: "Ctrl+Z"; onActivated: root.session.document.undo() }
    Key { sequences: ["Ctrl+Shift+Z", "Ctrl+Y"]; onActivated: root.session.document.redo() }

    Key { sequences: ["Ctrl++", "Ctrl+="]; onActivated: root.session.view.zoomIn() }
    Key { sequence: "Ctrl+-"; onActivated: root.session.view.zoomOut() }
    Key { sequence: "Ctrl+0"; onActivated: root.session.view.fit() }
    Key { sequence: "Ctrl+1"; onActivated: root.session.view.actualPixels() }

    Key { sequences: ["Ctrl+Return", "Ctrl+Enter"]; onActivated: root.session.render() }
    Key {
        sequence: "Esc"
        onActivated: {
            if (!root.session.tools.cancelGesture())
                root.session.controller.cancel()
        }
    }

    Key { sequence: "B"; onActivated: root.session.tools.tool = PaintTools.Brush }
    Key { sequence: "E"; onActivated: root.session.tools.tool = PaintTools.Eraser }
    Key { sequences: ["F", "G"]; onActivated: root.session.tools.tool = PaintTools.Fill }
    Key { sequences: ["R", "U"]; onActivated: root.session.tools.tool = PaintTools.Rectangle }
    Key { sequence: "I"; onActivated: root.session.tools.tool = PaintTools.Picker }
    Key { sequence: "Ctrl+F"; onActivated: root.searchWanted() }

    // Brackets with Shift are braces on some keyboards and stay brackets on others; + and - are for those without.
    Key { sequences: ["[", "-"]; onActivated: root.session.tools.shrinkBrush(false) }
    Key { sequences: ["]", "+", "="]; onActivated: root.session.tools.growBrush(false) }
    Key { sequences: ["Shift+[", "{", "Shift+{"]; onActivated: root.session.tools.shrinkBrush(true) }
    Key { sequences: ["Shift+]", "}", "Shift+}"]; onActivated: root.session.tools.growBrush(true) }

    Instantiator {
        model: 9

        Key {
            required property int index

            sequence: String(index + 1)
            onActivated: {
                const label = root.session.palette.labelForDigit(index + 1)
                if (label > 0)
                    root.session.tools.label = label
            }
        }
    }
}
