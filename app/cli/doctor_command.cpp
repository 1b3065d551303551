#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <QtGlobal>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/outputs.h"
#include "core/map/labelset.h"
#include "core/render/render.h"
#include "core/render/system.h"
#include "models/error.h"
#include "models/resources.h"

namespace tessera::cli
{

namespace
{

using nlohmann::json;

struct Finding {
    std::string name;
    std::string state; // "ok", "skipped", "failed"
    std::string detail;
};

Finding examined(const std::string &name, const std::function<std::string()> &examine)
{
    try {
        return {name, "ok", examine()};
    } catch (const Error &error) {
        return {name, error.code() == ErrorCode::ModelNotFound ? "skipped" : "failed", error.what()};
    } catch (const std::exception &error) {
        return {name, "failed", error.what()};
    }
}

// One window with the starter on the CPU, from stripes of all labels.
core::RenderResult selfTestRender()
{
    core::Renderer renderer("starter", {.device = "cpu"});
    const core::ModelInfo &model = renderer.info();
    core::RenderRequest request = renderer.defaultRequest();
    request.width = request.height = model.window * model.factor;
    core::LabelMap map(request.width, request.height);
    const int labels = int(core::loadLabelSet(model.labelSet).labels.size());
    for (int y = 0; y < map.height; ++y)
        std::fill_n(map.row(y), map.width, uint8_t(1 + y * (labels - 1) / map.height));
    request.condition = std::move(map);
    return renderer.render(request);
}

// Twice, by two renderers, for one remembers what it has drawn: a machine on which they differ is broken.
std::string selfTest()
{
    const core::RenderResult first = selfTestRender(), second = selfTestRender();
    if (first.picture != second.picture)
        throw Error(ErrorCode::Device, "The same request gave two different pictures; the machine does not calculate "
                                       "reliably.");
    char text[128];
    std::snprintf(text, sizeof text, "%d x %d pixels in %.2f s, %.3f nats per code", first.picture.width,
                  first.picture.height, first.times.total, first.natsPerCode);
    return text;
}

std::string deviceText(const core::DeviceInfo &device)
{
    std::string text = device.name + " (";
    for (const std::string &precision : device.precisions)
        text += (text.ends_with('(') ? "" : ", ") + precision;
    return text + ")";
}

std::vector<Finding> examineAll()
{
    return {examined("resources", [] { return models::resourceFolder().string(); }),
            examined("label sets",
                     [] {
                         std::string names;
                         for (const std::string &name : core::labelSetNames())
                             names += (names.empty() ? "" : ", ") + core::loadLabelSet(name).name;
                         return names;
                     }),
            examined("self-test render", selfTest)};
}

json systemJson(const core::SystemInfo &system)
{
    json devices = json::array();
    for (const core::DeviceInfo &device : system.devices)
        devices.push_back({{"name", device.name}, {"precisions", device.precisions}});
    return {{"versions", {{"tessera", system.program}, {"libtorch", system.torch}, {"qt", qVersion()}}},
            {"cpu",
             {{"cores", system.cores},
              {"threads", system.threads},
              {"features", system.cpuFeatures},
              {"instructions", system.instructions}}},
            {"memory", {{"total_bytes", system.memory}, {"free_bytes", system.memoryFree}}},
            {"devices", devices}};
}

void printText(const core::SystemInfo &system, const std::vector<Finding> &findings)
{
    const auto line = [](const std::string &key, const std::string &value) {
        std::printf("%-18s %s\n", key.c_str(), value.c_str());
    };
    line("versions", "Tessera " + system.program + ", LibTorch " + system.torch + ", Qt " + qVersion());
    line("processor", std::to_string(system.cores) + " cores, " + std::to_string(system.threads) + " threads, "
                          + system.cpuFeatures);
    line("engine",
         system.instructions
             + (system.instructions == "portable" ? ": this processor has no AVX2, so painting is several times slower"
                                                  : ""));
    line("memory",
         std::to_string(system.memory >> 20) + " MiB, " + std::to_string(system.memoryFree >> 20) + " MiB free");
    for (const core::DeviceInfo &device : system.devices)
        line("device", deviceText(device));
    for (const Finding &finding : findings)
        line(finding.name, finding.state + ": " + finding.detail);
}

void run(const ReportOptions &options)
{
    const core::SystemInfo system = core::systemInfo();
    const std::vector<Finding> findings = examineAll();
    if (options.json) {
        json all = systemJson(system);
        for (const Finding &finding : findings)
            all["checks"].push_back({{"name", finding.name}, {"state", finding.state}, {"detail", finding.detail}});
        printJson(all);
    } else {
        printText(system, findings);
    }
    const auto failed = std::ranges::find(findings, "failed", &Finding::state);
    if (failed != findings.end())
        throw Error(ErrorCode::Device, "The check of '" + failed->name + "' failed: " + failed->detail);
}

} // namespace

void addDoctorCommand(CLI::App &app)
{
    const auto options = std::make_shared<ReportOptions>();
    CLI::App *command = app.add_subcommand("doctor", "Devices, memory, versions and a self-test render");
    addJsonOption(*command, *options);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
