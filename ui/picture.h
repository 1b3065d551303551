// The rendered picture as shown: grows while a render runs. UI thread.
#pragma once

#include <QImage>
#include <QObject>
#include <QSize>
#include <QtQml/qqmlregistration.h>

namespace tessera::ui
{

class Picture : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(bool empty READ empty NOTIFY changed)
    Q_PROPERTY(QSize size READ size NOTIFY changed)
    Q_PROPERTY(bool unsaved READ unsaved NOTIFY changed)

public:
    using QObject::QObject;

    bool empty() const { return m_image.isNull(); }
    QSize size() const { return m_image.size(); }
    bool unsaved() const { return m_unsaved; }
    const QImage &image() const { return m_image; } // RGB32

    // `record`: what the written file carries so that the picture can be made again; empty for partial pictures.
    void show(const QImage &image, const QByteArray &record = {});
    const QByteArray &record() const { return m_record; }
    void markSaved();

Q_SIGNALS:
    void changed();

private:
    QImage m_image;
    QByteArray m_record;
    bool m_unsaved = false;
};

} // namespace tessera::ui
