// The command line of the painter.
#pragma once

#include <optional>

#include <QString>
#include <QStringList>

namespace tessera::app
{

struct PainterOptions {
    QString file;              // a map to open; empty: the example
    QString model = "starter"; // a path, or "starter"
    QString paintFrom;         // "labels", "depth" or "edges"; empty: labels where the model takes them
    QString device = "auto";
    int threads = 0;                     // 0: all cores
    std::optional<QString> fakeRenderer; // a script, see ui/fakebackend.h
    QString screenshot;                  // write the window's picture there and quit
    QString scene;                       // what the screenshot shows: "render", "rendered" or nothing
    QString windowSize;                  // "1024x700"
};

// REQUIRES: a QCoreApplication. Prints help or version and ends the process where asked; ends it with 2 for wrong
// usage.
PainterOptions parsePainterOptions(const QStringList &arguments);

// Whether one of Qt's own options names the display or the platform.
bool choosesDisplay(const QStringList &arguments);

} // namespace tessera::app
