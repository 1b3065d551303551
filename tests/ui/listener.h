// Hears what a window asks its scripted backend for.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <optional>

#include "painterwindow.h"

namespace tessera::tests
{

// The last request that reached the render thread. It outlives the window that has its script.
class Listener
{
public:
    ui::FakeScript script()
    {
        ui::FakeScript script;
        script.onRequest = [this](const core::RenderRequest &request) {
            const std::lock_guard lock(m_mutex);
            m_request = request;
        };
        return script;
    }
    // Renders, waits and tells what was asked for.
    core::RenderRequest asked(PainterWindow &painter)
    {
        painter.session.render();
        EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
        const std::lock_guard lock(m_mutex);
        EXPECT_TRUE(m_request);
        return m_request.value_or(core::RenderRequest{});
    }

private:
    std::mutex m_mutex;
    std::optional<core::RenderRequest> m_request;
};

} // namespace tessera::tests
