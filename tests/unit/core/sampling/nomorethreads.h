// A system that gives no more threads.
#pragma once

#include <cstddef>

#include <pthread.h>

namespace tessera::tests
{

#ifdef __GLIBC__

// While it lives, nobody in this program can make a thread: each would take more room for its stack than addresses
// reach.
class NoMoreThreads
{
public:
    NoMoreThreads()
    {
        pthread_getattr_default_np(&m_before);
        pthread_attr_t huge;
        pthread_getattr_default_np(&huge);
        pthread_attr_setstacksize(&huge, size_t(1) << 50);
        pthread_setattr_default_np(&huge);
        pthread_attr_destroy(&huge);
    }
    ~NoMoreThreads()
    {
        pthread_setattr_default_np(&m_before);
        pthread_attr_destroy(&m_before);
    }
    NoMoreThreads(const NoMoreThreads &) = delete;
    NoMoreThreads &operator=(const NoMoreThreads &) = delete;

private:
    pthread_attr_t m_before;
};

#endif

} // namespace tessera::tests
