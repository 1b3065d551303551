import QtQuick
import Tessera

// Components below see what stands around them by its id.
// qmllint disable unqualified

// What to paint from, where the model takes several kinds of map. Tab or arrows go from kind to kind.
SidePanel {
    id: root

    required property Session session

    signal done() // the choice is made: back to painting

    function nameOf(source) {
        return source === Session.Labels ? "Labels" : source === Session.Depth ? "Depth" : "Edges"
    }
    function titleOf(source) {
        return source === Session.Labels ? qsTr("Labels") : source === Session.Depth ? qsTr("Depth") : qsTr("Edges")
    }
    function hintOf(source) {
        return source === Session.Labels ? qsTr("Paint what stands where")
             : source === Session.Depth ? qsTr("Paint how near things are") : qsTr("Draw the outlines of things")
    }
    function step(place) {
        const count = segments.count
        const next = (place + count) % count
        session.source = session.sources[next]
        segments.itemAt(next).forceActiveFocus(Qt.TabFocusReason)
    }

    implicitHeight: frame.y + frame.height

    PanelTitle {
        id: heading
        anchors { left: parent.left; leftMargin: 12; top: parent.top; topMargin: 14 }
        text: qsTr("Paint from")
    }

    Rectangle {
        id: frame
        anchors {
            left: parent.left; leftMargin: 12; right: parent.right; rightMargin: 13
            top: heading.bottom; topMargin: 6
        }
        height: Theme.control
        radius: Theme.radius
        color: Theme.raised
        Accessible.role: Accessible.Grouping
        Accessible.name: heading.text

        Repeater {
            id: segments
            model: root.session.sources

            Pressable {
                id: segment

                required property int index
                required property int modelData

                readonly property MapDocument map: root.session.documentOf(modelData)
                readonly property bool unsaved: map !== null && map.modified

                objectName: "source" + root.nameOf(modelData)
                x: index * width
                width: frame.width / segments.count
                height: frame.height
                checked: root.session.source === modelData
                text: root.titleOf(modelData)
                onClicked: {
                    root.session.source = modelData
                    root.done()
                }
                Keys.onLeftPressed: root.step(index - 1)
                Keys.onRightPressed: root.step(index + 1)
                Accessible.role: Accessible.RadioButton
                Accessible.name: text
                Accessible.description: unsaved ? qsTr("%1; not saved").arg(root.hintOf(modelData))
                                                : root.hintOf(modelData)
                Accessible.checked: checked

                Tip {
                    owner: segment
                    wanted: segment.hovered && !segment.pressed
                    text: qsTr("%1   Alt+%2").arg(root.hintOf(segment.modelData)).arg(segment.index + 1)
                }

                background: Rectangle {
                    radius: Theme.radius
                    color: segment.checked ? Theme.accentSoft : segment.down ? Theme.pressed
                         : segment.hovered ? Theme.hover : "transparent"
                    border.width: segment.visualFocus ? 2 : segment.checked ? 1 : 0
                    border.color: segment.visualFocus ? Theme.accentHover : Theme.accent
                }
                // Its parts stand in it by their ids, so it is made at once.
                contentItem: Item { // qmllint disable deferred-property-id
                    Text {
                        id: words
                        anchors.centerIn: parent
                        text: segment.text
                        color: segment.checked ? "#ffffff" : Theme.text
                        font.pixelSize: Theme.bodyText
                    }
                    Rectangle {
                        anchors { left: words.right; leftMargin: 2; top: words.top; topMargin: 2 }
                        visible: segment.unsaved
                        width: 4
                        height: 4
                        radius: 2
                        color: Theme.quietText
                    }
                }
            }
        }
    }
}
