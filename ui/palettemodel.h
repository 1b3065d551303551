// The labels one can paint with, grouped, filtered by what is typed into the search field. Void is left out: the
// eraser paints it. UI thread.
#pragma once

#include <vector>

#include <QAbstractListModel>
#include <QColor>
#include <QtQml/qqmlregistration.h>

#include "core/map/labelset.h"

namespace tessera::ui
{

class PaletteModel : public QAbstractListModel
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(int count READ count NOTIFY filterChanged)
    Q_PROPERTY(QString currentName READ currentName NOTIFY currentChanged)
    Q_PROPERTY(QColor currentColor READ currentColor NOTIFY currentChanged)

public:
    enum Role { LabelRole = Qt::UserRole + 1, NameRole, ColorRole, GroupRole, DigitRole };

    explicit PaletteModel(QObject *parent = nullptr);

    const core::LabelSet &labelSet() const { return m_set; }
    void setLabelSet(const core::LabelSet &set);

    const QString &filter() const { return m_filter; }
    // Finds names and synonyms that hold the text, without regard to case.
    void setFilter(const QString &filter);
    int count() const { return int(m_visible.size()); }
    // The label in hand, whether the set has it or not.
    void setCurrent(int label);
    QString currentName() const { return nameOf(m_current); }
    QColor currentColor() const { return colorOf(m_current); }

    QString nameOf(int label) const;
    QColor colorOf(int label) const;
    // The label that a digit key 1..9 chooses, whatever the filter; -1 when there is none.
    Q_INVOKABLE int labelForDigit(int digit) const;
    // Where the filter leaves the label; -1 where it does not.
    Q_INVOKABLE int rowOf(int label) const;
    // The first label that the filter leaves; -1 when it leaves none.
    Q_INVOKABLE int firstVisible() const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void filterChanged();
    void currentChanged(); // the label, or what the set says of it

private:
    bool matches(const core::Label &label) const;
    void refilter();

    core::LabelSet m_set;
    std::vector<int> m_order;   // labels by group, groups in the order of their first label
    std::vector<int> m_visible; // those of m_order that match
    QString m_filter;
    int m_current = 1;
};

} // namespace tessera::ui
