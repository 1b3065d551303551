// Makes landscapes to start from, on a thread of its own. UI thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "models/error.h"
#include "ui/mailbox.h"

namespace tessera::ui
{

struct MadeLandscape {
    core::LabelMap labels;                       // of the set "landscape"
    core::FieldMap depth;                        // -1 .. 1, near is bright
    core::FieldMap edges;                        // -1 .. 1, of the picture
    QImage picture;                              // RGB32
    std::map<std::string, std::string> controls; // what it shows, in the starter's controls: light, biome, weather
};

// Blocking. Equal arguments give equal landscapes. All parts are of `size`; beyond about 400 x 400 pixels they are made
// smaller and scaled, which an artist's starting point does not suffer from and which takes seconds instead of minutes.
MadeLandscape makeLandscape(uint32_t seed, const QSize &size);

class LandscapeMaker : public QObject
{
    Q_OBJECT

public:
    using Make = std::function<MadeLandscape(uint32_t seed, const QSize &size)>; // called on the thread

    // Its destructor waits for the one under way.
    explicit LandscapeMaker(Make make = makeLandscape, QObject *parent = nullptr);

    bool busy() const { return m_busy; }
    // Nothing while one is under way.
    void make(uint32_t seed, const QSize &size);

Q_SIGNALS:
    void busyChanged();
    void made(const tessera::ui::MadeLandscape &landscape);
    void failed(tessera::ErrorCode code, const QString &message);

private:
    struct Failure {
        ErrorCode code;
        QString message;
    };
    struct Outcome {
        MadeLandscape landscape;
        std::optional<Failure> failure;
    };

    Outcome outcome(uint32_t seed, const QSize &size) const;
    void deliver(const Outcome &outcome);

    const Make m_make;
    bool m_busy = false;
    Mailbox m_answers;
    std::jthread m_thread; // of the latest; goes before what it uses
};

} // namespace tessera::ui
