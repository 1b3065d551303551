#include "ui/rendersettings.h"

#include <algorithm>
#include <cmath>

#include <QRandomGenerator>

namespace tessera::ui
{

namespace
{

constexpr double kLeastTemperature = 0.1;
constexpr double kMostTemperature = 1.5;
constexpr double kLeastGuidance = 1.0;
constexpr double kMostGuidance = 10.0;

QString capitalised(QString text)
{
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

const core::ModelInfo::Control *findControl(const core::ModelInfo &info, const std::string &key)
{
    const auto found = std::find_if(info.controls.begin(), info.controls.end(),
                                    [&](const core::ModelInfo::Control &control) { return control.key == key; });
    return found == info.controls.end() ? nullptr : &*found;
}

int indexOf(const core::ModelInfo::Control &control, const std::string &value)
{
    const auto found = std::find(control.values.begin(), control.values.end(), value);
    return found == control.values.end() ? -1 : int(found - control.values.begin());
}

} // namespace

void RenderSettings::setSeed(double seed)
{
    const auto whole = uint64_t(std::llround(std::clamp(seed, 0.0, kLargestSeed)));
    if (m_values.seed == whole)
        return;
    m_values.seed = whole;
    Q_EMIT changed();
}

void RenderSettings::setTemperature(double temperature)
{
    m_values.temperature = std::clamp(temperature, kLeastTemperature, kMostTemperature);
    Q_EMIT changed();
}

void RenderSettings::setGuidance(double guidance)
{
    m_values.guidance = std::clamp(guidance, kLeastGuidance, kMostGuidance);
    Q_EMIT changed();
}

QVariantList RenderSettings::controls() const
{
    QVariantList list;
    for (const core::ModelInfo::Control &control : m_info.controls) {
        QStringList values;
        for (const std::string &value : control.values)
            values.append(capitalised(QString::fromStdString(value)));
        const QString key = QString::fromStdString(control.key);
        list.append(QVariantMap{{"key", key}, {"title", capitalised(key)}, {"values", values}});
    }
    return list;
}

QVariantMap RenderSettings::chosen() const
{
    QVariantMap places;
    for (const core::ModelInfo::Control &control : m_info.controls) {
        const QString key = QString::fromStdString(control.key);
        places[key] = controlIndex(key);
    }
    return places;
}

void RenderSettings::rerollSeed()
{
    // Short enough to be read aloud; chance needs no more.
    setSeed(QRandomGenerator::global()->bounded(1'000'000));
}

int RenderSettings::controlIndex(const QString &key) const
{
    const core::ModelInfo::Control *control = findControl(m_info, key.toStdString());
    const auto chosen = m_values.controls.find(key.toStdString());
    return control && chosen != m_values.controls.end() ? std::max(0, indexOf(*control, chosen->second)) : 0;
}

void RenderSettings::setControlIndex(const QString &key, int index)
{
    const core::ModelInfo::Control *control = findControl(m_info, key.toStdString());
    if (!control || index < 0 || size_t(index) >= control->values.size())
        return;
    if (index == 0)
        m_values.controls.erase(control->key);
    else
        m_values.controls[control->key] = control->values[size_t(index)];
    Q_EMIT changed();
}

void RenderSettings::choose(const std::map<std::string, std::string> &controls)
{
    m_values.controls.clear();
    for (const auto &[key, value] : controls)
        if (const auto *control = findControl(m_info, key); control && indexOf(*control, value) > 0)
            m_values.controls[key] = value;
    Q_EMIT changed();
}

void RenderSettings::setModel(const core::ModelInfo &info)
{
    m_info = info;
    m_values.temperature = info.defaultTemperature;
    m_values.guidance = info.defaultGuidance;
    std::erase_if(m_values.controls, [&](const auto &choice) {
        const core::ModelInfo::Control *control = findControl(info, choice.first);
        return !control || indexOf(*control, choice.second) < 0;
    });
    Q_EMIT modelChanged();
    Q_EMIT changed();
}

void RenderSettings::take(const core::RenderRequest &request)
{
    setSeed(double(request.seed));
    setTemperature(request.temperature);
    setGuidance(request.guidance);
    choose(request.controls);
}

void RenderSettings::exchange(const Values &left, const Values &reached)
{
    if (m_values.seed == left.seed)
        m_values.seed = reached.seed;
    if (m_values.temperature == left.temperature)
        m_values.temperature = reached.temperature;
    if (m_values.guidance == left.guidance)
        m_values.guidance = reached.guidance;
    if (m_values.controls == left.controls)
        choose(reached.controls); // of another model, perhaps
    Q_EMIT changed();
}

core::RenderRequest RenderSettings::request() const
{
    core::RenderRequest request;
    request.modelIdentity = m_info.identity;
    request.controls = m_values.controls;
    request.seed = m_values.seed;
    request.temperature = m_values.temperature;
    request.topK = m_info.defaultTopK;
    request.topP = m_info.defaultTopP;
    request.guidance = m_info.guidance ? m_values.guidance : 1.0;
    return request;
}

} // namespace tessera::ui
