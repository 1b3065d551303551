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

        // How much would be lost with it: a landscape can be made again, a file opened again, a part completed.
        int loss() const { return image.isNull() || startingPoint ? 0 : !unsaved ? 1 : partial ? 2 : 3; }
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

    // The next three keep the picture before behind the one shown, see keepAsFormer(); but what comes behind a part is
    // more of it.
    // A whole picture. `record`: what the written file carries so that the picture can be made again.
    void show(const QImage &image, const QByteArray &record = {}, const QString &result = {});
    void showPart(const QImage &image, const QString &result);
    // A whole picture of a file, also behind a part.
    void showSaved(const QImage &image, const QByteArray &record, const QString &result);
    // Keeps a picture behind the one shown, unless more would be lost with the one that is kept there.
    void keepAsFormer(const Content &picture);
    // Exchanges what is shown for the picture that was shown before; nothing without one.
    Q_INVOKABLE void showFormer();
    const QByteArray &record() const { return m_content.record; }
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
