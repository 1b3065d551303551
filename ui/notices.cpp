#include "ui/notices.h"

namespace tessera::ui
{

namespace
{

QString titleOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidArgument:
        return Notices::tr("This cannot be done as it stands");
    case ErrorCode::ModelNotFound:
        return Notices::tr("A model is missing");
    case ErrorCode::ModelMismatch:
        return Notices::tr("The model does not fit");
    case ErrorCode::FileFormat:
        return Notices::tr("The file was not understood");
    case ErrorCode::FileRead:
        return Notices::tr("The file could not be read");
    case ErrorCode::FileWrite:
        return Notices::tr("The file could not be written");
    case ErrorCode::OutOfMemory:
        return Notices::tr("Memory does not suffice: try a smaller canvas");
    case ErrorCode::Device:
        return Notices::tr("The device could not do this");
    case ErrorCode::NonFinite:
        return Notices::tr("The model gave no usable numbers");
    }
    return {};
}

} // namespace

void Notices::show(Kind kind, const QString &title, const QString &detail)
{
    tell(kind, title, detail, false);
}

void Notices::showError(ErrorCode code, const QString &detail)
{
    const bool offersModel = code == ErrorCode::ModelNotFound || code == ErrorCode::ModelMismatch;
    tell(code == ErrorCode::InvalidArgument ? Warning : Problem, titleOf(code), detail, offersModel);
}

void Notices::tell(Kind kind, const QString &title, const QString &detail, bool offersModel)
{
    m_shown = true;
    m_kind = kind;
    m_title = title;
    m_detail = detail;
    m_offersModel = offersModel;
    Q_EMIT changed();
}

void Notices::dismiss()
{
    if (!m_shown)
        return;
    m_shown = false;
    Q_EMIT changed();
}

} // namespace tessera::ui
