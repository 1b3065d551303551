// What the program tells the artist without stopping the work: one message at a time, the newest. UI thread.
#pragma once

#include <QObject>
#include <QtQml/qqmlregistration.h>

#include "models/error.h"

namespace tessera::ui
{

class Notices : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(bool shown READ shown NOTIFY changed)
    Q_PROPERTY(Kind kind READ kind NOTIFY changed)
    Q_PROPERTY(QString title READ title NOTIFY changed)
    Q_PROPERTY(QString detail READ detail NOTIFY changed)
    Q_PROPERTY(bool offersModel READ offersModel NOTIFY changed) // another model would help

public:
    enum Kind { Info, Warning, Problem };
    Q_ENUM(Kind)

    using QObject::QObject;

    bool shown() const { return m_shown; }
    Kind kind() const { return m_kind; }
    const QString &title() const { return m_title; }
    const QString &detail() const { return m_detail; }
    bool offersModel() const { return m_offersModel; }

    void show(Kind kind, const QString &title, const QString &detail);
    // Core's sentence names file and value; the title says what it means for the artist.
    void showError(ErrorCode code, const QString &detail);
    Q_INVOKABLE void dismiss();

Q_SIGNALS:
    void changed();

private:
    void tell(Kind kind, const QString &title, const QString &detail, bool offersModel);

    bool m_shown = false;
    bool m_offersModel = false;
    Kind m_kind = Info;
    QString m_title;
    QString m_detail;
};

} // namespace tessera::ui
