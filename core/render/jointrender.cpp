#include "core/render/jointrender.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include <ATen/Parallel.h>

#include "core/render/renderjob.h"
#include "core/sampling/jointengine.h"

namespace tessera::core
{

namespace
{

using Clock = std::chrono::steady_clock;

// What each of the renders said last, as one report.
class JointProgress
{
public:
    JointProgress(size_t renders, const RenderEvents &events) : m_latest(renders), m_events(events) {}

    RenderEvents eventsOf(size_t render)
    {
        RenderEvents own;
        own.decodeStopped = m_events.decodeStopped;
        if (m_events.progress)
            own.progress = [this, render](const RenderProgress &progress) {
                m_latest[render] = progress;
                tell(progress);
            };
        return own;
    }

private:
    void tell(const RenderProgress &latest) const
    {
        RenderProgress all;
        all.windowRect = latest.windowRect;
        all.codesTotal = latest.codesTotal * int(m_latest.size());
        for (const RenderProgress &progress : m_latest) {
            all.codesDone += progress.codesDone;
            all.codesPerSecond += progress.codesPerSecond;
            all.secondsLeft = std::max(all.secondsLeft, progress.secondsLeft);
        }
        m_events.progress(all);
    }

    std::vector<RenderProgress> m_latest;
    const RenderEvents &m_events;
};

class JointJobs
{
public:
    JointJobs(const models::ModelBundle &bundle, const std::vector<RenderRequest> &requests,
              const std::vector<SampleAids> &aids, const std::stop_token &stop, const RenderEvents &events)
        : m_progress(requests.size(), events)
    {
        for (size_t i = 0; i < requests.size(); ++i)
            m_events.push_back(m_progress.eventsOf(i));
        for (size_t i = 0; i < requests.size(); ++i)
            m_jobs.push_back(std::make_unique<RenderJob>(bundle, requests[i], stop, m_events[i], aids[i]));
    }

    void draw(TransformerEngine &engine)
    {
        m_jobs.front()->prepare(engine, false);
        for (size_t i = 1; i < m_jobs.size(); ++i)
            m_jobs[i]->prepareAs(*m_jobs.front(), engine);
        const Clock::time_point start = Clock::now();
        const int64_t passes = engine.passes();
        std::vector<EngineTask> tasks;
        for (const auto &job : m_jobs)
            tasks.emplace_back([&job, threads = at::get_num_threads()](TransformerEngine &seat) {
                at::set_num_threads(threads); // of each thread its own
                job->draw(seat);
            });
        runJointly(engine, tasks);
        m_seconds = std::chrono::duration<double>(Clock::now() - start).count();
        m_passes = engine.passes() - passes;
    }

    std::vector<RenderResult> decoded()
    {
        const auto count = int64_t(m_jobs.size());
        std::vector<RenderResult> results;
        for (int64_t i = 0; i < count; ++i) {
            RenderJob &job = *m_jobs[size_t(i)];
            job.decode(false);
            RenderResult &result = results.emplace_back(job.take());
            result.passes = m_passes / count + (i < m_passes % count ? 1 : 0);
            result.times.sample = m_seconds / double(count);
            result.times.total = result.times.condition + result.times.sample + result.times.decode;
        }
        return results;
    }

private:
    JointProgress m_progress;
    std::vector<RenderEvents> m_events;
    std::vector<std::unique_ptr<RenderJob>> m_jobs;
    double m_seconds = 0;
    int64_t m_passes = 0;
};

} // namespace

std::vector<RenderResult> renderJointly(const models::ModelBundle &bundle, TransformerEngine &engine,
                                        const std::vector<RenderRequest> &requests, const std::vector<SampleAids> &aids,
                                        std::stop_token stop, const RenderEvents &events)
{
    JointJobs jobs(bundle, requests, aids, stop, events);
    jobs.draw(engine);
    return jobs.decoded();
}

} // namespace tessera::core
