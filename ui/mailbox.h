// Calls for another thread: any thread posts them, the thread that the mailbox lives on makes them one after the other
// from its event loop. Like Qt's queued calls, but what a call carries passes through a lock of our own, so that a
// thread sanitizer, which knows nothing of Qt's inside, sees the hand-over.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include <QObject>

namespace tessera::ui
{

class Mailbox : public QObject
{
    Q_OBJECT

public:
    using Call = std::function<void()>; // must not throw

    using QObject::QObject;

    // Any thread. Calls that have not been made when the mailbox goes are dropped.
    void post(Call call);

protected:
    void customEvent(QEvent *event) override;

private:
    Call next();

    std::mutex m_mutex;
    std::deque<Call> m_calls; // under m_mutex
};

} // namespace tessera::ui
