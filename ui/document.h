// The open map: its pixels, its undo history, its file. All edits go through gestures, so each is one step of undo;
// loading and new canvases are steps too, so nothing is lost by a wrong drop. UI thread.
#pragma once

#include <functional>

#include <QImage>
#include <QObject>
#include <QRect>
#include <QSize>
#include <QString>
#include <QtQml/qqmlregistration.h>

#include "core/map/edithistory.h"
#include "core/map/labelmap.h"
#include "core/map/labelset.h"
#include "ui/imageconversion.h"

namespace tessera::ui
{

class Document : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(QSize size READ size NOTIFY sizeChanged) // pixels
    Q_PROPERTY(QString title READ title NOTIFY stateChanged)
    Q_PROPERTY(bool modified READ modified NOTIFY stateChanged)
    Q_PROPERTY(bool canUndo READ canUndo NOTIFY stateChanged)
    Q_PROPERTY(bool canRedo READ canRedo NOTIFY stateChanged)

public:
    using Edit = std::function<core::PixelRect(core::LabelMap &)>;

    static constexpr int kDefaultSide = 512;

    // A void canvas of the default size.
    explicit Document(QObject *parent = nullptr);

    const core::LabelMap &map() const { return m_map; }
    const core::LabelSet &labelSet() const { return m_set; }
    const QImage &image() const { return m_image; } // RGB32, as painted
    QSize size() const { return {m_map.width, m_map.height}; }
    QString title() const;
    const QString &filePath() const { return m_filePath; } // empty: never saved
    bool modified() const { return m_history.stateId() != m_savedState; }
    bool canUndo() const { return m_history.canUndo(); }
    bool canRedo() const { return m_history.canRedo(); }
    bool gestureOpen() const { return m_history.gestureOpen(); }

    void setLabelSet(const core::LabelSet &set);

    // From pressing the pen to lifting it. Edits outside a gesture are a gesture of their own.
    void beginGesture();
    void apply(const Edit &edit);
    void endGesture();
    void cancelGesture();

    Q_INVOKABLE void undo();
    Q_INVOKABLE void redo();
    // Sides are clamped to 256 .. 4096. The former canvas comes back by undo.
    Q_INVOKABLE void newCanvas(int width, int height);

    // A map that was read from a file; becomes the saved state. An empty path: an unnamed map that counts as saved.
    void replace(core::LabelMap map, const QString &filePath);
    void markSaved(const QString &filePath);

Q_SIGNALS:
    void sizeChanged();
    void stateChanged();
    void changed(const QRect &area); // of image(); the whole of it when the size changed

private:
    void replaceMap(core::LabelMap map);
    void show(const core::PixelRect &area);

    core::LabelMap m_map;
    core::LabelSet m_set;
    LabelColors m_colors;
    core::EditHistory m_history;
    uint64_t m_savedState = 0;
    QString m_filePath;
    QImage m_image;
};

} // namespace tessera::ui
