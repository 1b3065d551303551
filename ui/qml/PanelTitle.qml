import QtQuick
import Tessera

Text {
    textFormat: Text.PlainText
    color: Theme.quietText
    font.pixelSize: Theme.smallText
    font.weight: Font.DemiBold
    font.capitalization: Font.AllUppercase
    font.letterSpacing: 0.6
}
