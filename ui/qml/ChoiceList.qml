import QtQuick
import QtQuick.Controls.Basic

// A list to choose from. It is one stop for Tab and reads the keys: arrows go from entry to entry, Return or Space
// chooses.
ListView {
    id: root

    signal chosen(var entry) // the delegate; by the keyboard

    function chooseCurrent() {
        if (currentItem)
            chosen(currentItem)
    }

    clip: true
    boundsBehavior: Flickable.StopAtBounds
    cacheBuffer: 0 // delegates made ahead would outlive a change of the list
    activeFocusOnTab: true
    Keys.onReturnPressed: chooseCurrent()
    Keys.onEnterPressed: chooseCurrent()
    Keys.onSpacePressed: chooseCurrent()
    Accessible.role: Accessible.List
    Accessible.description: activeFocus && currentItem ? currentItem.Accessible.name : "" // what Return would choose
    ScrollBar.vertical: ScrollBar { policy: ScrollBar.AsNeeded }
}
