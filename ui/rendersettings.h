// What the artist chose beside the map: seed, variety, faithfulness, and the controls the model offers. UI thread.
#pragma once

#include <map>
#include <string>

#include <QObject>
#include <QVariantList>
#include <QVariantMap>
#include <QtQml/qqmlregistration.h>

#include "core/render/render.h"

namespace tessera::ui
{

class RenderSettings : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(double seed READ seed WRITE setSeed NOTIFY changed) // whole, 0 .. kLargestSeed
    Q_PROPERTY(double temperature READ temperature WRITE setTemperature NOTIFY changed)
    Q_PROPERTY(double guidance READ guidance WRITE setGuidance NOTIFY changed)
    Q_PROPERTY(bool guidanceActs READ guidanceActs NOTIFY modelChanged)
    // Maps with "key", "title", "values" (shown), in the model's order.
    Q_PROPERTY(QVariantList controls READ controls NOTIFY modelChanged)
    Q_PROPERTY(QVariantMap chosen READ chosen NOTIFY changed) // by key: the place among the control's values

public:
    // What an artist chooses.
    struct Values {
        uint64_t seed = 1;
        double temperature = 1.0;
        double guidance = 1.0;
        std::map<std::string, std::string> controls; // only what is not "any"
    };

    // A seed has to be said and typed: ten digits at most.
    static constexpr double kLargestSeed = 4294967295.0;

    using QObject::QObject;

    const Values &values() const { return m_values; }
    double seed() const { return double(m_values.seed); }
    void setSeed(double seed);
    double temperature() const { return m_values.temperature; }
    void setTemperature(double temperature);
    double guidance() const { return m_values.guidance; }
    void setGuidance(double guidance);
    bool guidanceActs() const { return m_info.guidance; }
    QVariantList controls() const;
    QVariantMap chosen() const;

    Q_INVOKABLE void rerollSeed();
    int controlIndex(const QString &key) const;
    Q_INVOKABLE void setControlIndex(const QString &key, int index);

    // Of the choices those that the model knows; its other controls become "any".
    void choose(const std::map<std::string, std::string> &controls);
    // Takes the model's defaults and offers; choices that the model knows too stay.
    void setModel(const core::ModelInfo &info);
    // What a request says of seed, variety, faithfulness and controls.
    void take(const core::RenderRequest &request);
    // What is as in `left` becomes as in `reached`: steps of undo leave alone what was chosen since.
    void exchange(const Values &left, const Values &reached);
    // All but the canvas and the condition.
    core::RenderRequest request() const;

Q_SIGNALS:
    void changed();
    void modelChanged();

private:
    core::ModelInfo m_info;
    Values m_values;
};

} // namespace tessera::ui
