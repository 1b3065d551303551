// A line icon drawn from a path on a 24 x 24 grid: sharp at every scale, tinted by one colour, the same on every
// graphics backend. UI thread; paint() runs on the render thread while the UI thread waits.
#pragma once

#include <QColor>
#include <QQuickPaintedItem>

namespace tessera::ui
{

class Icon : public QQuickPaintedItem
{
    Q_OBJECT
    QML_ELEMENT
    // One of iconNames(); an unknown name draws nothing.
    Q_PROPERTY(QString name READ name WRITE setName NOTIFY nameChanged)
    Q_PROPERTY(QColor color READ color WRITE setColor NOTIFY colorChanged)

public:
    explicit Icon(QQuickItem *parent = nullptr);

    const QString &name() const { return m_name; }
    void setName(const QString &name);
    const QColor &color() const { return m_color; }
    void setColor(const QColor &color);

    void paint(QPainter *painter) override;

Q_SIGNALS:
    void nameChanged();
    void colorChanged();

private:
    QString m_name;
    QColor m_color = Qt::white;
};

QStringList iconNames();

} // namespace tessera::ui
