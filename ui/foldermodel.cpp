#include "ui/foldermodel.h"

#include <QDir>
#include <QLocale>

#include "ui/mapfiles.h"

namespace tessera::ui
{

FolderModel::FolderModel(QObject *parent) : QAbstractListModel(parent), m_path(QDir::currentPath()) {}

bool FolderModel::enter(const QString &path)
{
    const QFileInfo info(absolute(path));
    if (!info.isDir() || !info.isReadable())
        return false;
    m_path = QDir(info.absoluteFilePath()).absolutePath();
    refresh();
    return true;
}

void FolderModel::setNameFilters(const QStringList &filters)
{
    m_nameFilters = filters;
    refresh();
}

void FolderModel::goUp()
{
    setPath(QFileInfo(m_path).absolutePath());
}

void FolderModel::goHome()
{
    setPath(QDir::homePath());
}

void FolderModel::refresh()
{
    beginResetModel();
    const QDir folder(m_path);
    m_entries = folder.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name | QDir::IgnoreCase);
    m_entries += folder.entryInfoList(m_nameFilters, QDir::Files, QDir::Name | QDir::IgnoreCase);
    endResetModel();
    Q_EMIT pathChanged();
}

QString FolderModel::absolute(const QString &name) const
{
    if (name == "~" || name.startsWith("~/"))
        return QDir::cleanPath(QDir::homePath() + name.mid(1));
    return QDir::cleanPath(QDir(m_path).absoluteFilePath(name));
}

bool FolderModel::isFolder(const QString &name) const
{
    return QFileInfo(absolute(name)).isDir();
}

bool FolderModel::isModelFolder(const QString &name) const
{
    return isFolder(name) && holdsModel(absolute(name).toStdString());
}

bool FolderModel::exists(const QString &name) const
{
    return QFileInfo::exists(absolute(name));
}

QUrl FolderModel::url(const QString &name) const
{
    return QUrl::fromLocalFile(absolute(name));
}

QString FolderModel::freeName(const QString &name) const
{
    const QFileInfo parts(name);
    QString free = name;
    for (int number = 2; exists(free); ++number)
        free = QString("%1-%2.%3").arg(parts.completeBaseName(), QString::number(number), parts.suffix());
    return free;
}

QString FolderModel::folderOf(const QUrl &file)
{
    return QFileInfo(file.toLocalFile()).absolutePath();
}

int FolderModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant FolderModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const QFileInfo &entry = m_entries[index.row()];
    switch (role) {
    case Qt::DisplayRole:
    case NameRole:
        return entry.fileName();
    case IsFolderRole:
        return entry.isDir();
    case DetailRole:
        return entry.isDir() ? QString() : QLocale().formattedDataSize(entry.size(), 0);
    default:
        return {};
    }
}

QHash<int, QByteArray> FolderModel::roleNames() const
{
    return {{NameRole, "name"}, {IsFolderRole, "isFolder"}, {DetailRole, "detail"}};
}

} // namespace tessera::ui
