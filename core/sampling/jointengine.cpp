#include "core/sampling/jointengine.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "models/error.h"

namespace tessera::core
{

namespace
{

// Who may run: this thread, or one task. Handing it over wakes the other and waits until it comes back.
class Baton
{
public:
    static constexpr int kCaller = -1;

    // From the holder to another, until it is `own` again.
    void pass(int to, int own)
    {
        std::unique_lock lock(m_mutex);
        give(to);
        m_changed.wait(lock, [&] { return m_holder == own; });
    }
    void awaitTurn(int own)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return m_holder == own; });
    }
    void leave(int to)
    {
        const std::lock_guard lock(m_mutex);
        give(to);
    }

private:
    void give(int to)
    {
        m_holder = to;
        m_changed.notify_all();
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_holder = kCaller;
};

// What a task has for an engine.
class Seat : public TransformerEngine
{
public:
    Seat(TransformerEngine &engine, Baton &baton, int number, double tasks)
        : m_engine(engine)
        , m_baton(baton)
        , m_number(number)
        , m_tasks(tasks)
    {}

    std::unique_ptr<WindowCache> makeCache() override { return m_engine.makeCache(); }
    std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) override
    {
        return m_engine.copyCache(from, tokens);
    }
    uint64_t cacheBytes() const override { return m_engine.cacheBytes(); }
    void freeCaches() override { m_engine.freeCaches(); }
    bool gainsFromBatches() const override { return m_engine.gainsFromBatches(); }
    bool keepsBitsInChunks() const override { return true; }
    // Of its share of a pass.
    double tokenCost() const override { return std::min(1.0, m_tasks * m_engine.tokenCost()); }

    // For the caller of the tasks.
    bool waits() const { return m_request.has_value(); }
    struct Request {
        std::vector<EngineInput> inputs; // their tokens stay the task's
        int64_t first = 0, count = 0;
        float *logits = nullptr;
        const StopFn *stopped = nullptr;
    };
    const Request &request() const { return *m_request; }
    void answer(bool done)
    {
        m_done = done;
        m_request.reset();
    }

    void fail(std::exception_ptr failure)
    {
        m_failure = std::move(failure);
        m_request.reset();
    }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        m_request = Request{{inputs.begin(), inputs.end()}, first, count, logits, &stopped};
        m_baton.pass(Baton::kCaller, m_number);
        if (m_failure)
            std::rethrow_exception(std::exchange(m_failure, nullptr));
        return m_done;
    }

private:
    TransformerEngine &m_engine;
    Baton &m_baton;
    const int m_number;
    const double m_tasks;
    std::optional<Request> m_request;
    std::exception_ptr m_failure;
    bool m_done = false;
};

class JointRun
{
public:
    JointRun(TransformerEngine &engine, const std::vector<EngineTask> &tasks) : m_engine(engine), m_tasks(tasks)
    {
        for (size_t i = 0; i < tasks.size(); ++i)
            m_seats.push_back(std::make_unique<Seat>(engine, m_baton, int(i), double(tasks.size())));
        m_failures.resize(tasks.size());
        m_asking.reserve(tasks.size());
        m_ended.resize(tasks.size());
        m_threads.reserve(tasks.size());
    }

    void run()
    {
        startThreads();
        begin(0);
        append();
        goOn(0); // a turn ahead of the others from now on, which find the prefixes that it leaves
        for (size_t i = 1; i < m_tasks.size(); ++i)
            begin(i);
        while (std::ranges::any_of(m_seats, &Seat::waits)) {
            append();
            for (const size_t i : m_asking)
                goOn(i);
        }
        joinThreads();
        for (const std::exception_ptr &failure : m_failures)
            if (failure)
                std::rethrow_exception(failure);
    }

private:
    // All before any task begins: where there are too few nothing is lost.
    void startThreads()
    {
        try {
            while (m_threads.size() < m_tasks.size())
                m_threads.emplace_back([this, i = m_threads.size()] { sit(i); });
        } catch (const std::system_error &) { // no more threads
            dismiss();
            throw tooManyTasks();
        } catch (...) {
            dismiss();
            throw;
        }
    }

    // The threads there are, without their tasks.
    void dismiss()
    {
        m_dismissed = true;
        for (size_t i = 0; i < m_threads.size(); ++i)
            m_baton.pass(int(i), Baton::kCaller);
        joinThreads();
    }

    void joinThreads()
    {
        for (std::thread &thread : m_threads)
            thread.join();
    }

    // Until the task wants something or has ended.
    void begin(size_t i) { m_baton.pass(int(i), Baton::kCaller); }

    // As where there is no memory for so many: fewer at once would do.
    Error tooManyTasks() const
    {
        return {ErrorCode::OutOfMemory, "Drawing " + std::to_string(m_tasks.size())
                                            + " pictures together takes as many threads, but the system gave "
                                            + std::to_string(m_threads.size()) + "; one by one they need none"};
    }

    // A task's thread.
    void sit(size_t i)
    {
        m_baton.awaitTurn(int(i));
        try {
            if (!m_dismissed)
                m_tasks[i](*m_seats[i]);
        } catch (...) {
            m_failures[i] = std::current_exception();
        }
        m_ended[i] = true;
        m_baton.leave(Baton::kCaller);
    }

    void goOn(size_t i)
    {
        if (!m_ended[i] && !m_seats[i]->waits())
            m_baton.pass(int(i), Baton::kCaller);
    }

    // What is asked for, in one batch; m_asking is who asked.
    void append()
    {
        m_asking.clear(); // has room for all: nothing may throw while tasks wait
        for (size_t i = 0; i < m_seats.size(); ++i)
            if (m_seats[i]->waits())
                m_asking.push_back(i);
        if (m_asking.empty())
            return;
        try {
            handOut(m_asking, appended(m_asking));
        } catch (...) {
            for (const size_t i : m_asking)
                m_seats[i]->fail(std::current_exception());
        }
    }

    bool appended(const std::vector<size_t> &asking)
    {
        std::vector<EngineInput> inputs;
        int64_t rows = 0;
        for (const size_t i : asking) {
            for (const EngineInput &input : m_seats[i]->request().inputs) {
                inputs.push_back(input);
                rows += input.logitRows;
            }
        }
        const Seat::Request &any = m_seats[asking.front()]->request();
        m_logits.resize(size_t(rows * any.count));
        const StopFn stopped = [&] {
            return std::ranges::any_of(asking, [&](size_t i) {
                const StopFn &asked = *m_seats[i]->request().stopped;
                return asked && asked();
            });
        };
        return m_engine.append(inputs, any.first, any.count, m_logits.data(), stopped);
    }

    void handOut(const std::vector<size_t> &asking, bool done)
    {
        const float *logits = m_logits.data();
        for (const size_t i : asking) {
            const Seat::Request &request = m_seats[i]->request();
            int64_t values = 0;
            for (const EngineInput &input : request.inputs)
                values += input.logitRows * request.count;
            std::copy_n(logits, values, request.logits);
            logits += values;
            m_seats[i]->answer(done);
        }
    }

    TransformerEngine &m_engine;
    const std::vector<EngineTask> &m_tasks;
    Baton m_baton;
    std::vector<std::unique_ptr<Seat>> m_seats;
    std::vector<std::thread> m_threads;
    std::vector<std::exception_ptr> m_failures;
    std::vector<char> m_ended; // not bool: each task writes its own
    bool m_dismissed = false;
    std::vector<size_t> m_asking;
    std::vector<float> m_logits;
};

} // namespace

void runJointly(TransformerEngine &engine, const std::vector<EngineTask> &tasks)
{
    if (!tasks.empty())
        JointRun(engine, tasks).run();
}

} // namespace tessera::core
