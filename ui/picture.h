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
    Q_PROPERTY(bool startingPoint READ startingPoint NOTIFY changed) // a made landscape, not rendered

public:
    struct Content {
        QImage image; // RGB32
        QByteArray record;
        bool unsaved = false;
        bool startingPoint = false; // not rendered

        // Pictures are compared by identity: a copy is equal, the same pixels made again are not.
        bool operator==(const Content &other) const { return image.cacheKey() == other.image.cacheKey(); }
    };

    using QObject::QObject;

    bool empty() const { return m_content.image.isNull(); }
    QSize size() const { return m_content.image.size(); }
    bool unsaved() const { return m_content.unsaved; }
    bool startingPoint() const { return m_content.startingPoint; }
    const QImage &image() const { return m_content.image; } // RGB32

    // `record`: what the written file carries so that the picture can be made again; empty for partial pictures.
    void show(const QImage &image, const QByteArray &record = {});
    const QByteArray &record() const { return m_content.record; }
    // A picture that was not rendered and is no loss: it can be made again.
    void showStartingPoint(const QImage &image);
    void markSaved();
    const Content &content() const { return m_content; }
    void setContent(const Content &content);

Q_SIGNALS:
    void changed();

private:
    Content m_content;
};

} // namespace tessera::ui
