#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/outputs.h"
#include "core/render/modelreport.h"

namespace tessera::cli
{

namespace
{

using nlohmann::json;

uint64_t nonFiniteValues(const core::ModelReport &report)
{
    uint64_t count = 0;
    for (const core::TensorReport &tensor : report.tensors)
        count += tensor.nonFinite;
    return count;
}

json controlsJson(const core::ModelInfo &info)
{
    json controls = json::array();
    for (const core::ModelInfo::Control &control : info.controls)
        controls.push_back({{"key", control.key}, {"values", control.values}, {"guided", control.guided}});
    return controls;
}

json tensorsJson(const core::ModelReport &report)
{
    json tensors = json::array();
    for (const core::TensorReport &tensor : report.tensors)
        tensors.push_back({{"name", tensor.name},
                           {"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"bytes", tensor.bytes},
                           {"non_finite", tensor.nonFinite}});
    return tensors;
}

json defaultsJson(const core::ModelInfo &info)
{
    return {{"temperature", info.defaultTemperature},
            {"top_k", info.defaultTopK},
            {"top_p", info.defaultTopP},
            {"guidance", info.defaultGuidance}};
}

json reportJson(const core::ModelReport &report)
{
    const core::ModelInfo &info = report.info;
    return {{"path", info.path.string()},
            {"name", info.name},
            {"identity", info.identity},
            {"format", report.format},
            {"dtype", report.dtype},
            {"file_bytes", report.fileBytes},
            {"memory_bytes", info.weightBytes},
            {"parameters", info.parameters},
            {"paints_from", info.paintsFrom},
            {"other_maps", info.otherMaps},
            {"label_set", info.labelSet},
            {"factor", info.factor},
            {"window", info.window},
            {"codes", info.codes},
            {"guidance", info.guidance},
            {"controls", controlsJson(info)},
            {"defaults", defaultsJson(info)},
            {"foreign_objects", report.foreignObjects},
            {"weights_read", report.weightsRead},
            {"non_finite", report.weightsRead ? json(nonFiniteValues(report)) : json()},
            {"notes", report.notes},
            {"tensors", tensorsJson(report)}};
}

std::string shapeText(const std::vector<int64_t> &shape)
{
    std::string text;
    for (const int64_t side : shape)
        text += (text.empty() ? "" : ", ") + std::to_string(side);
    return "[" + text + "]";
}

void line(const char *key, const std::string &value)
{
    if (!value.empty())
        std::printf("%-16s %s\n", key, value.c_str());
}

std::string megabytes(uint64_t bytes)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MB", double(bytes) / 1e6);
    return text;
}

void printText(const core::ModelReport &report)
{
    const core::ModelInfo &info = report.info;
    line("file",
         info.path.string() + " (" + report.format + ", " + report.dtype + ", " + megabytes(report.fileBytes) + ")");
    line("name", info.name);
    line("identity", info.identity);
    line("paints from", info.paintsFrom.empty() ? "nothing: a first stage alone" : info.sources());
    line("label set", info.labelSet);
    line("codes", std::to_string(info.codes) + ", one for " + std::to_string(info.factor) + " x "
                      + std::to_string(info.factor) + " pixels, window " + std::to_string(info.window) + " x "
                      + std::to_string(info.window) + " codes");
    for (const core::ModelInfo::Control &control : info.controls) {
        std::string values;
        for (const std::string &value : control.values)
            values += (values.empty() ? "" : ", ") + value;
        line("control", control.key + ": " + values + (control.guided ? "; guided" : ""));
    }
    line("regions", info.seesKept ? "filled with a view of all that stays" : "");
    line("guidance", info.guidance ? "trained for it" : "not trained for it");
    line("parameters", std::to_string(info.parameters) + ", " + megabytes(info.weightBytes) + " in memory");
    line("foreign objects", report.foreignObjects.empty() ? "none" : std::to_string(report.foreignObjects.size()));
    line("not finite", report.weightsRead ? std::to_string(nonFiniteValues(report)) + " weights"
                                          : "not looked at; --weights reads them");
    for (const auto &[key, value] : report.notes)
        line("note", key + ": " + value);
    for (const core::TensorReport &tensor : report.tensors)
        std::printf("  %-64s %-5s %s%s\n", tensor.name.c_str(), tensor.dtype.c_str(), shapeText(tensor.shape).c_str(),
                    tensor.nonFinite > 0 ? ", not all finite" : "");
}

} // namespace

void addInspectCommand(CLI::App &app)
{
    struct Options {
        std::string model;
        ReportOptions report;
        bool weights = false;
    };
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("inspect", "What a model is: executes nothing from it");
    command->add_option("model", options->model, "A model's file or folder, or 'starter'")->required();
    command->add_flag(
        "--weights", options->weights,
        "Read all weights, for the identity and for values that are not finite; small models' always are");
    addJsonOption(*command, options->report);
    command->callback([options] {
        const auto reading = options->weights ? core::WeightReading::Always : core::WeightReading::WhenSmall;
        const core::ModelReport report = core::reportOnModel(options->model, reading);
        if (options->report.json)
            printJson(reportJson(report));
        else
            printText(report);
    });
}

} // namespace tessera::cli
