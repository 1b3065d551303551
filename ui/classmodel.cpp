#include "ui/classmodel.h"

#include <algorithm>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "models/error.h"
#include "models/resources.h"

namespace tessera::ui
{

namespace
{

// A file that is no such list counts as a list without names.
QStringList namesIn(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QStringList names;
    for (const QJsonValue &name : QJsonDocument::fromJson(file.readAll()).object().value("classes").toArray())
        names.append(name.toString());
    return names;
}

QString classFolder()
{
    try {
        return QString::fromStdString((models::resourceFolder() / "classes").string());
    } catch (const Error &) {
        return {}; // numbers do without resources
    }
}

QStringList classNames(int count)
{
    const QDir folder(classFolder());
    for (const QString &entry : folder.entryList({"*.json"}, QDir::Files, QDir::Name)) {
        if (const QStringList names = namesIn(folder.filePath(entry)); names.size() == count)
            return names;
    }
    QStringList numbers;
    for (int i = 0; i < count; ++i)
        numbers.append(ClassModel::tr("class %1").arg(i));
    return numbers;
}

} // namespace

void ClassModel::setClasses(int count)
{
    m_names = classNames(count);
    m_filter.clear();
    if (m_current >= count)
        m_current = 0;
    refilter();
    Q_EMIT currentChanged();
}

void ClassModel::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    refilter();
}

void ClassModel::setCurrent(int number)
{
    if (number < 0 || number >= m_names.size() || number == m_current)
        return;
    m_current = number;
    Q_EMIT currentChanged();
}

QString ClassModel::nameOf(int number) const
{
    return m_names.value(number);
}

int ClassModel::rowOf(int number) const
{
    const auto found = std::find(m_visible.begin(), m_visible.end(), number);
    return found == m_visible.end() ? -1 : int(found - m_visible.begin());
}

int ClassModel::firstVisible() const
{
    bool isNumber = false;
    const int number = m_filter.trimmed().toInt(&isNumber);
    if (isNumber && std::find(m_visible.begin(), m_visible.end(), number) != m_visible.end())
        return number;
    return m_visible.empty() ? -1 : m_visible.front();
}

int ClassModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant ClassModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const int number = m_visible[size_t(index.row())];
    switch (role) {
    case NumberRole:
        return number;
    case Qt::DisplayRole:
    case NameRole:
        return nameOf(number);
    default:
        return {};
    }
}

QHash<int, QByteArray> ClassModel::roleNames() const
{
    return {{NumberRole, "number"}, {NameRole, "name"}};
}

void ClassModel::refilter()
{
    const QString wanted = m_filter.trimmed();
    beginResetModel();
    m_visible.clear();
    for (int i = 0; i < m_names.size(); ++i) {
        if (wanted.isEmpty() || m_names[i].contains(wanted, Qt::CaseInsensitive)
            || QString::number(i).startsWith(wanted))
            m_visible.push_back(i);
    }
    endResetModel();
    Q_EMIT filterChanged();
}

} // namespace tessera::ui
