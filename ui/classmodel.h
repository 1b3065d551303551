// The classes of a model that paints from a class, by number and name, filtered by what is typed into the search field.
// UI thread.
#pragma once

#include <vector>

#include <QAbstractListModel>
#include <QStringList>
#include <QtQml/qqmlregistration.h>

namespace tessera::ui
{

class ClassModel : public QAbstractListModel
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(int count READ count NOTIFY filterChanged)
    Q_PROPERTY(int current READ current WRITE setCurrent NOTIFY currentChanged) // 0 .. classes - 1
    Q_PROPERTY(QString currentName READ currentName NOTIFY currentChanged)

public:
    enum Role { NumberRole = Qt::UserRole + 1, NameRole };

    using QAbstractListModel::QAbstractListModel;

    // The names come from resources/classes, where a list of that length lies; else the classes are known by number.
    // A choice that the new list has, too, stays.
    void setClasses(int count);

    const QString &filter() const { return m_filter; }
    // Finds names that hold the text, without regard to case, and numbers that begin with it.
    void setFilter(const QString &filter);
    int count() const { return int(m_visible.size()); }
    int current() const { return m_current; }
    // Numbers without a class change nothing.
    void setCurrent(int number);
    QString currentName() const { return nameOf(m_current); }

    QString nameOf(int number) const;
    // Where the filter leaves the class; -1 where it does not.
    Q_INVOKABLE int rowOf(int number) const;
    // The first class that the filter leaves; -1 when it leaves none. A number that was typed in full comes first.
    Q_INVOKABLE int firstVisible() const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void filterChanged();
    void currentChanged();

private:
    void refilter();

    QStringList m_names;
    std::vector<int> m_visible;
    QString m_filter;
    int m_current = 0;
};

} // namespace tessera::ui
