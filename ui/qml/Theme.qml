pragma Singleton

import QtQuick

// Neutral greys, so that colours are judged by the map and the picture alone; one accent.
QtObject {
    readonly property color backdrop: "#17181a"
    readonly property color window: "#1e1f22"
    readonly property color panel: "#26282b"
    readonly property color raised: "#303338"
    readonly property color hover: "#383b41"
    readonly property color pressed: "#2a2c30"
    readonly property color line: "#3a3d42"
    readonly property color edge: "#4a4e55"
    readonly property color text: "#e8e9eb"
    readonly property color quietText: "#a9adb5"
    readonly property color disabledText: "#6d7178"
    readonly property color accent: "#4f8ff7"
    readonly property color accentHover: "#6aa0f9"
    readonly property color accentPressed: "#3f78d6"
    readonly property color accentSoft: "#2c3f60"
    readonly property color accentInk: "#0c1422"
    readonly property color problem: "#e5534b"
    readonly property color warning: "#d9a441"

    readonly property int gap: 8
    readonly property int wideGap: 16
    readonly property int radius: 6
    readonly property int control: 30
    readonly property int bar: 48
    readonly property int paneHeader: 34
    readonly property int smallText: 11
    readonly property int bodyText: 13
    readonly property int titleText: 15
    readonly property int iconSize: 20
}
