#include "ui/mailbox.h"

#include <utility>

#include <QCoreApplication>
#include <QEvent>

namespace tessera::ui
{

void Mailbox::post(Call call)
{
    {
        const std::lock_guard lock(m_mutex);
        m_calls.push_back(std::move(call));
    }
    QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

// One call an event: a call may run an event loop of its own, in which the ones after it have their turn.
void Mailbox::customEvent(QEvent *)
{
    next()();
}

Mailbox::Call Mailbox::next()
{
    const std::lock_guard lock(m_mutex);
    Call call = std::move(m_calls.front());
    m_calls.pop_front();
    return call;
}

} // namespace tessera::ui
