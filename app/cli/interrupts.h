// Ctrl+C, SIGTERM and a terminal that closes: a command ends with exit code 130 and leaves nothing behind.
#pragma once

#include <functional>
#include <list>
#include <stop_token>

namespace tessera::cli
{

// Thrown by a command that was asked to stop.
struct Interrupted {};

// As early as may be: a signal that comes before installInterrupts() waits for it, also in the program that exec()
// starts.
void holdInterrupts();
// Before any other thread starts: the signals are blocked in all of them and taken by one that waits for them.
// Writing to a pipe that nobody reads fails from then on, as any write may, and ends nothing.
void installInterrupts();

// From now on no signal ends the program: what was asked for is being put in its place, and then told, which takes no
// time worth interrupting and must not end with a word of a command that left nothing.
void finishUndisturbed();
// The sentence of an interrupted command; once, however many signals come.
void tellInterrupted();

// While one lives, a signal asks the stop token; a second one ends the program. Without one a signal ends it at once.
// Scopes nest: when one ends, what was before holds again.
class InterruptibleScope
{
public:
    InterruptibleScope();
    ~InterruptibleScope();
    InterruptibleScope(const InterruptibleScope &) = delete;
    InterruptibleScope &operator=(const InterruptibleScope &) = delete;

    std::stop_token token() const;
    // Throws Interrupted when a signal came.
    void check() const;

private:
    const int m_before;
};

// While one lives, a signal ends nothing: files are being written. The next InterruptibleScope finds it in its token.
class WritingScope
{
public:
    WritingScope();
    ~WritingScope();
    WritingScope(const WritingScope &) = delete;
    WritingScope &operator=(const WritingScope &) = delete;

private:
    const int m_before;
};

// While one lives, a signal that ends the program calls `undo` first, on a thread of its own: destructors do not run
// then.
class ForcedEndGuard
{
public:
    explicit ForcedEndGuard(std::function<void()> undo);
    ~ForcedEndGuard();
    ForcedEndGuard(const ForcedEndGuard &) = delete;
    ForcedEndGuard &operator=(const ForcedEndGuard &) = delete;

private:
    std::list<std::function<void()>>::iterator m_place;
};

} // namespace tessera::cli
