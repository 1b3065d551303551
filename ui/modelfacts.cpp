#include "ui/modelfacts.h"

#include <algorithm>
#include <utility>

#include <QCoreApplication>
#include <QLocale>
#include <QVariantMap>

#include "core/map/labelset.h"
#include "models/error.h"
#include "ui/wording.h"

namespace tessera::ui
{

namespace
{

class Facts
{
    Q_DECLARE_TR_FUNCTIONS(Facts)

public:
    explicit Facts(const LoadedModel &model) : m_model(model), m_info(model.info) {}

    QVariantList list()
    {
        add(tr("Paints from"), sources());
        add(tr("Canvas"), canvas());
        add(tr("Attention window"), m_info.paintsFrom.empty()
                                        ? QString()
                                        : tr("%1 × %1 codes of %2 × %2 pixels").arg(m_info.window).arg(m_info.factor));
        add(tr("Large canvases"), largeCanvases());
        add(tr("Codebook"), tr("%1 codes").arg(QLocale().toString(m_info.codes)));
        add(tr("Parameters"), parameters());
        add(tr("Controls"), controls());
        add(tr("Runs on"), tr("%1, %2").arg(deviceTitle(m_model.device), QString::fromStdString(m_model.precision)));
        add(tr("File"), file());
        for (const auto &[key, title] : {std::pair{"configuration", tr("Configuration")},
                                         {"assumed", tr("Assumed")},
                                         {"ignored keys", tr("Ignored keys")},
                                         {"ignored tensors", tr("Ignored tensors")},
                                         {"kept_as_float32", tr("Kept as float32")},
                                         {"notices", tr("Remarks")}})
            add(title, note(key));
        return m_list;
    }

private:
    void add(const QString &title, const QString &value)
    {
        if (!value.isEmpty())
            m_list.append(QVariantMap{{"title", title}, {"value", value}});
    }

    QString sources() const
    {
        QStringList others;
        for (const std::string &kind : m_info.otherMaps)
            others.append(titleOfKind(kind));
        return others.isEmpty() ? source() : tr("%1; also %2").arg(source(), listed(others));
    }

    QString titleOfKind(const std::string &kind) const
    {
        return kind == "labels"  ? tr("labels")
               : kind == "depth" ? tr("depth")
               : kind == "edges" ? tr("edges")
                                 : QString::fromStdString(kind);
    }

    QString source() const
    {
        const std::string &kind = m_info.paintsFrom;
        if (kind == "labels")
            return m_info.labelSet.empty() ? tr("%1 labels without names").arg(m_info.conditionCount)
                                           : tr("labels: %1").arg(labelSetTitle());
        if (kind == "depth")
            return tr("depth: near is bright");
        if (kind == "edges")
            return tr("edges: bright lines");
        if (kind == "class")
            return tr("one of %1 classes").arg(QLocale().toString(m_info.conditionCount));
        if (kind == "coordinates")
            return tr("the place in the picture: no map");
        if (kind == "nothing")
            return tr("chance alone: no map");
        return kind.empty() ? tr("nothing: it only encodes and decodes pictures") : QString::fromStdString(kind);
    }

    // Of a set that has no file here only the name is known.
    QString labelSetTitle() const
    {
        try {
            const core::LabelSet set = core::loadLabelSet(m_info.labelSet);
            const auto paintable = std::count_if(set.labels.begin(), set.labels.end(),
                                                 [&](const core::Label &label) { return !set.isVoid(label.index); });
            return tr("%1, %2 of them").arg(QString::fromStdString(set.title)).arg(paintable);
        } catch (const Error &) {
            return tr("the set %1").arg(QString::fromStdString(m_info.labelSet));
        }
    }

    QString canvas() const
    {
        if (m_info.paintsFrom.empty())
            return {};
        const int side = m_info.window * m_info.factor;
        const bool oneWindow = m_info.paintsFrom == "class" || m_info.paintsFrom == "nothing";
        return (oneWindow ? tr("%1 × %1 pixels") : tr("%1 × %1 pixels or larger")).arg(side);
    }

    QString largeCanvases() const
    {
        const int large = 2 * m_info.window * m_info.factor;
        const core::WindowPolicy policy = core::automaticWindow(m_info, large, large);
        if (policy.kind == core::WindowPolicy::Kind::Exact)
            return {};
        return tr("the window moves in steps of %1 codes, which makes them %2 % less likely")
            .arg(policy.step)
            .arg(QLocale().toString(std::max(0.0, m_info.windowPrices.at(policy.step)), 'f', 2));
    }

    QString parameters() const
    {
        if (m_info.parameters == 0)
            return {};
        const double millions = double(m_info.parameters) / 1e6;
        return tr("%1 million, %2 in memory")
            .arg(QLocale().toString(millions, 'f', millions < 10 ? 1 : 0),
                 QLocale().formattedDataSize(qint64(m_info.weightBytes), 0));
    }

    QString controls() const
    {
        QStringList names;
        for (const core::ModelInfo::Control &control : m_info.controls)
            names.append(QString::fromStdString(control.key));
        if (m_info.guidance)
            names.append(tr("faithfulness"));
        return names.join(", ");
    }

    QString file() const
    {
        const QString path = QString::fromStdString(m_info.path.string());
        return m_info.format.empty() ? path : tr("%1 (%2)").arg(path, QString::fromStdString(m_info.format));
    }

    QString note(const char *key) const
    {
        const auto found = m_info.notes.find(key);
        return found == m_info.notes.end() ? QString() : QString::fromStdString(found->second);
    }

    const LoadedModel &m_model;
    const core::ModelInfo &m_info;
    QVariantList m_list;
};

} // namespace

QString deviceTitle(const std::string &device)
{
    if (device == "cpu")
        return QCoreApplication::translate("Facts", "CPU");
    return QString::fromStdString(device)
        .replace("cuda", QCoreApplication::translate("Facts", "GPU "), Qt::CaseInsensitive)
        .remove(':');
}

QVariantList modelFacts(const LoadedModel &model)
{
    return Facts(model).list();
}

} // namespace tessera::ui
