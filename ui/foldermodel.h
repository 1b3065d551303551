// The content of one folder for the file chooser: folders first, then files of the wanted kinds. UI thread.
#pragma once

#include <QAbstractListModel>
#include <QFileInfoList>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

namespace tessera::ui
{

class FolderModel : public QAbstractListModel
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(QString path READ path WRITE setPath NOTIFY pathChanged)                          // absolute
    Q_PROPERTY(QStringList nameFilters READ nameFilters WRITE setNameFilters NOTIFY pathChanged) // "*.png"
    Q_PROPERTY(int count READ count NOTIFY pathChanged)

public:
    enum Role { NameRole = Qt::UserRole + 1, IsFolderRole, DetailRole };

    explicit FolderModel(QObject *parent = nullptr);

    const QString &path() const { return m_path; }
    // A path that is no readable folder changes nothing; false.
    Q_INVOKABLE bool enter(const QString &path);
    void setPath(const QString &path) { enter(path); }
    const QStringList &nameFilters() const { return m_nameFilters; }
    void setNameFilters(const QStringList &filters);
    int count() const { return int(m_entries.size()); }

    Q_INVOKABLE void goUp();
    Q_INVOKABLE void goHome();
    void refresh();
    // `name`: an entry, a relative or an absolute path, "~" at the start for the home folder.
    Q_INVOKABLE QString absolute(const QString &name) const;
    Q_INVOKABLE bool isFolder(const QString &name) const;
    // Whether it is a folder that holds a model, as the published ones come.
    Q_INVOKABLE bool isModelFolder(const QString &name) const;
    Q_INVOKABLE bool exists(const QString &name) const;
    Q_INVOKABLE QUrl url(const QString &name) const;
    // The name, or "name-2.png" and so on: the first that no file has.
    Q_INVOKABLE QString freeName(const QString &name) const;
    Q_INVOKABLE static QString folderOf(const QUrl &file);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void pathChanged();

private:
    QString m_path;
    QStringList m_nameFilters;
    QFileInfoList m_entries;
};

} // namespace tessera::ui
