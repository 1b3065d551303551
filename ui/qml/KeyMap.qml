import QtQuick
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// Every shortcut of the window. Text fields take letters and digits for themselves before these see them.
Item {
    id: root

    required property Session session
    required property Actions actions

    readonly property bool painting: root.enabled && root.session.needsMap

    signal searchWanted()
    signal quitWanted()
    signal sourceChosen()

    // Labels in the palette's order; on depth nine steps from far to near. On edges there is one kind of line.
    function chooseByDigit(digit) {
        if (session.source === Session.Depth)
            session.tools.level = (digit - 1) / 8
        else if (session.source === Session.Labels && session.palette.labelForDigit(digit) >= 0)
            session.tools.label = session.palette.labelForDigit(digit)
    }

    component Key: Shortcut { enabled: root.enabled }
    component PaintKey: Shortcut { enabled: root.painting }

    Key {
        sequence: "Ctrl+N"
        enabled: root.enabled && root.session.source !== Session.Class && root.session.source !== Session.Nothing
        onActivated: root.actions.newCanvas()
    }
    Key { sequence: "Ctrl+O"; onActivated: root.actions.openMap() }
    Key { sequence: "Ctrl+M"; onActivated: root.actions.openModel() }
    Key { sequence: "Ctrl+S"; onActivated: root.actions.savePicture() }
    PaintKey { sequence: "Ctrl+Shift+S"; onActivated: root.actions.saveMap() }
    Key { sequence: "Ctrl+I"; onActivated: root.actions.showModel() }
    Key { sequence: "Ctrl+Q"; onActivated: root.quitWanted() }

    PaintKey { sequence: "Ctrl+L"; onActivated: root.session.surprise() }
    PaintKey { sequence: "Ctrl+Z"; onActivated: root.session.document.undo() }
    PaintKey { sequences: ["Ctrl+Shift+Z", "Ctrl+Y"]; onActivated: root.session.document.redo() }

    Key { sequences: ["Ctrl++", "Ctrl+="]; onActivated: root.session.view.zoomIn() }
    Key { sequence: "Ctrl+-"; onActivated: root.session.view.zoomOut() }
    Key { sequence: "Ctrl+0"; onActivated: root.session.view.fit() }
    Key { sequence: "Ctrl+1"; onActivated: root.session.view.actualPixels() }

    Key { sequences: ["Ctrl+Return", "Ctrl+Enter"]; onActivated: root.session.render() }
    Key {
        sequence: "Esc"
        onActivated: {
            if (root.session.tools.cancelGesture())
                return
            if (root.session.notices.shown)
                root.session.notices.dismiss()
            else if (root.session.controller.busy)
                root.session.controller.cancel()
        }
    }

    PaintKey { sequence: "B"; onActivated: root.session.tools.tool = PaintTools.Brush }
    PaintKey { sequence: "E"; onActivated: root.session.tools.tool = PaintTools.Eraser }
    PaintKey { sequences: ["F", "G"]; onActivated: root.session.tools.tool = PaintTools.Fill }
    PaintKey { sequences: ["R", "U"]; onActivated: root.session.tools.tool = PaintTools.Rectangle }
    PaintKey { sequence: "I"; onActivated: root.session.tools.tool = PaintTools.Picker }
    PaintKey {
        sequence: "D"
        enabled: root.painting && root.session.source === Session.Depth
        onActivated: root.session.tools.tool = PaintTools.Gradient
    }
    Key { sequence: "Ctrl+F"; onActivated: root.searchWanted() }
    Repeater {
        model: 3

        Item {
            id: place

            required property int index

            PaintKey {
                sequence: "Alt+" + (place.index + 1)
                enabled: root.painting && place.index < root.session.sources.length
                onActivated: {
                    root.session.source = root.session.sources[place.index]
                    root.sourceChosen()
                }
            }
        }
    }

    // Brackets with Shift are braces on some keyboards and stay brackets on others; + and - are for those without.
    PaintKey { sequences: ["[", "-"]; onActivated: root.session.tools.shrinkBrush(false) }
    PaintKey { sequences: ["]", "+", "="]; onActivated: root.session.tools.growBrush(false) }
    PaintKey { sequences: ["Shift+[", "{", "Shift+{"]; onActivated: root.session.tools.shrinkBrush(true) }
    PaintKey { sequences: ["Shift+]", "}", "Shift+}"]; onActivated: root.session.tools.growBrush(true) }

    Repeater {
        model: 9

        Item {
            id: digit

            required property int index

            PaintKey {
                sequence: String(digit.index + 1)
                onActivated: root.chooseByDigit(digit.index + 1)
            }
        }
    }
}
