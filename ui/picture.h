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
    Q_PROPERTY(bool startingPoint READ startingPoint NOTIFY changed) // a made landscape, not rendered
    Q_PROPERTY(QString result READ result NOTIFY changed)            // of its render, see RenderController::lastResult
    Q_PROPERTY(bool hasFormer READ hasFormer NOTIFY changed)         // see showFormer()

public:
    struct Content {
        QImage image; // RGB32
        QByteArray record;
        QString result;
        bool unsaved = false;
        bool startingPoint = false; // not rendered
        bool partial = false;       // more of it may come

        // Pictures are compared by identity: a copy is equal, the same pixels made again are not.
        bool operator==(const Content &other) const { return image.cacheKey() == other.image.cacheKey(); }
    };

    using QObject::QObject;

    bool empty() const { return m_content.image.isNull(); }
    QSize size() const { return m_content.image.size(); }
    bool unsaved() const { return m_content.unsaved || m_former.unsaved; }
    bool shownUnsaved() const { return m_content.unsaved; }
    bool startingPoint() const { return m_content.startingPoint; }
    const QImage &image() const { return m_content.image; } // RGB32

    const QString &result() const { return m_content.result; }
    bool hasFormer() const { return !m_former.image.isNull(); }

    // All of these keep the picture before; of several a whole one that is not saved, until another such is replaced.
    // A whole picture. `record`: what the written file carries so that the picture can be made again.
    void show(const QImage &image, const QByteArray &record = {}, const QString &result = {});
    // What there is of a picture; the next one shown is more of it.
    void showPart(const QImage &image, const QString &result);
    // A picture that went off the canvas without being replaced by another is kept like these.
    void keepAsFormer(const Content &picture);
    // Exchanges what is shown for the picture that was shown before; nothing without one.
    Q_INVOKABLE void showFormer();
    const QByteArray &record() const { return m_content.record; }
    // A whole picture of a file.
    void showSaved(const QImage &image, const QByteArray &record, const QString &result);
    // A picture that was not rendered and is no loss: it can be made again.
    void showStartingPoint(const QImage &image);
    void markSaved(const Content &picture); // where it is the one shown or the one before
    const Content &content() const { return m_content; }
    void setContent(const Content &content);

Q_SIGNALS:
    void changed();

private:
    Content m_content;
    Content m_former; // never the one shown
};

} // namespace tessera::ui
