#include "ui/palettemodel.h"

#include <algorithm>

namespace tessera::ui
{

namespace
{

std::vector<int> groupedOrder(const core::LabelSet &set)
{
    std::vector<std::string> groups;
    std::vector<int> order;
    for (const core::Label &label : set.labels) {
        if (set.isVoid(label.index))
            continue;
        if (std::find(groups.begin(), groups.end(), label.group) == groups.end())
            groups.push_back(label.group);
        order.push_back(label.index);
    }
    const auto place = [&](int label) {
        return std::find(groups.begin(), groups.end(), set.labels[size_t(label)].group) - groups.begin();
    };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return place(a) < place(b); });
    return order;
}

bool holds(const std::string &text, const QString &part)
{
    return QString::fromStdString(text).contains(part, Qt::CaseInsensitive);
}

} // namespace

PaletteModel::PaletteModel(QObject *parent) : QAbstractListModel(parent) {}

void PaletteModel::setLabelSet(const core::LabelSet &set)
{
    m_set = set;
    m_order = groupedOrder(set);
    refilter();
    Q_EMIT currentChanged();
}

void PaletteModel::setCurrent(int label)
{
    m_current = label;
    Q_EMIT currentChanged();
}

void PaletteModel::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    refilter();
}

QString PaletteModel::nameOf(int label) const
{
    if (m_set.isVoid(label))
        return tr("unpainted");
    const core::Label *found = m_set.at(label);
    return found ? QString::fromStdString(found->name) : QString();
}

QColor PaletteModel::colorOf(int label) const
{
    const core::Rgb color = m_set.colorOf(label);
    return {color.red, color.green, color.blue};
}

int PaletteModel::labelForDigit(int digit) const
{
    return digit >= 1 && size_t(digit) <= m_order.size() ? m_order[size_t(digit) - 1] : -1;
}

int PaletteModel::rowOf(int label) const
{
    const auto found = std::find(m_visible.begin(), m_visible.end(), label);
    return found == m_visible.end() ? -1 : int(found - m_visible.begin());
}

int PaletteModel::firstVisible() const
{
    return m_visible.empty() ? -1 : m_visible.front();
}

int PaletteModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant PaletteModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const int label = m_visible[size_t(index.row())];
    switch (role) {
    case LabelRole:
        return label;
    case Qt::DisplayRole:
    case NameRole:
        return nameOf(label);
    case ColorRole:
        return colorOf(label);
    case GroupRole:
        return QString::fromStdString(m_set.labels[size_t(label)].group);
    case DigitRole: {
        const auto place = std::find(m_order.begin(), m_order.end(), label) - m_order.begin() + 1;
        return place <= 9 ? QString::number(place) : QString();
    }
    default:
        return {};
    }
}

QHash<int, QByteArray> PaletteModel::roleNames() const
{
    return {
        {LabelRole, "label"}, {NameRole, "name"}, {ColorRole, "swatch"}, {GroupRole, "group"}, {DigitRole, "digit"}};
}

bool PaletteModel::matches(const core::Label &label) const
{
    const QString wanted = m_filter.trimmed();
    return wanted.isEmpty() || holds(label.name, wanted)
           || std::any_of(label.synonyms.begin(), label.synonyms.end(),
                          [&](const std::string &synonym) { return holds(synonym, wanted); });
}

void PaletteModel::refilter()
{
    beginResetModel();
    m_visible.clear();
    std::copy_if(m_order.begin(), m_order.end(), std::back_inserter(m_visible),
                 [this](int label) { return matches(m_set.labels[size_t(label)]); });
    endResetModel();
    Q_EMIT filterChanged();
}

} // namespace tessera::ui
