#include "app/cli/options.h"

#include <charconv>
#include <functional>
#include <limits>
#include <map>

#include <CLI/CLI.hpp>

#include "app/common/devicename.h"
#include "app/common/numbers.h"
#include "core/map/labelmap.h"

namespace tessera::cli
{

namespace
{

using app::kMostInt64;
using app::wholeNumber;

std::optional<int> parsedNumber(const std::string &text)
{
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1)
        return {};
    return number;
}

// A check for CLI11: an empty text when all is well.
std::function<std::string(const std::string &)> expecting(const std::string &form,
                                                          std::function<bool(const std::string &)> fits)
{
    return [form, fits = std::move(fits)](const std::string &text) {
        return fits(text) ? std::string() : "'" + text + "' was found, expected " + form;
    };
}

std::function<std::string(const std::string &)> expectingWindow()
{
    return expecting("exact, block or block:N",
                     [](const std::string &text) { return parsedWindow(text, 2).has_value(); });
}

std::function<std::string(const std::string &)> expectingWindowOrAuto()
{
    return expecting("exact, block, block:N or auto",
                     [](const std::string &text) { return text == kAutoWindow || parsedWindow(text, 2).has_value(); });
}

} // namespace

void addModelOptions(CLI::App &command, ModelOptions &options)
{
    command.add_option("--model", options.model, "A model's file or folder, or 'starter'")->capture_default_str();
    command.add_option("--device", options.renderer.device, "auto, cpu, cuda or cuda:N")
        ->check(expecting("auto, cpu, cuda or cuda:N", app::isDeviceName))
        ->capture_default_str();
    command.add_option("--threads", options.renderer.threads, "Threads of the CPU; all cores by default")
        ->transform(wholeNumber(1, app::kMostThreads));
    command.add_option("--precision", options.renderer.precision, "Number format of the weights")
        ->check(CLI::IsMember({"auto", "fp32", "bf16", "fp16", "int8"}))
        ->capture_default_str();
}

void addJsonOption(CLI::App &command, ReportOptions &options)
{
    command.add_flag("--json", options.json, "Print the result as JSON on stdout");
}

void addProgressOption(CLI::App &command, ReportOptions &options)
{
    command
        .add_option("--progress", options.progress, "auto: a bar on a terminal; json: one JSON object a line on stderr")
        ->check(CLI::IsMember({"auto", "json"}))
        ->capture_default_str();
}

std::vector<CLI::Option *> addConditionOptions(CLI::App &command, ConditionOptions &options)
{
    std::vector<CLI::Option *> all{
        command.add_option("--map,map", options.map, "Label map, a picture"),
        command.add_option("--depth", options.depth, "Depth map: gray, float TIFF, or floats in RGBA bytes"),
        command.add_option("--edges", options.edges, "Edge map"),
        command.add_option("--condition-codes", options.conditionCodes, "Condition codes, .npy, int64 [h, w]"),
        command.add_option("--class", options.classIndex, "Class number")->transform(wholeNumber(0, kMostInt64)),
        command.add_flag("--unconditional", options.unconditional, "Paint from nothing")};
    for (CLI::Option *one : all)
        for (CLI::Option *other : all)
            if (one != other)
                one->excludes(other);
    addMapKindOption(command, options.mapKind,
                     "What the condition codes were made from, where the model takes several maps")
        ->needs("--condition-codes");
    return all;
}

CLI::Option *addMapKindOption(CLI::App &command, std::string &mapKind, const std::string &help)
{
    return command.add_option("--map-kind", mapKind, help)->check(CLI::IsMember({"labels", "depth", "edges"}));
}

CLI::Option *addLabelsOption(CLI::App &command, std::string &labels)
{
    return command.add_option("--labels", labels, "How the map's pixels name labels")
        ->check(CLI::IsMember({"auto", "index", "landscape", "gaugan", "cocostuff", "ade20k"}))
        ->capture_default_str();
}

CLI::Option *addControlOption(CLI::App &command, std::vector<std::string> &controls)
{
    return command.add_option("--control", controls, "key=value ...; keys left out are 'any'")
        ->check(expecting("key=value", [](const std::string &text) { return parsedControl(text).has_value(); }));
}

CLI::Option *addGuidanceOption(CLI::App &command, std::optional<double> &guidance)
{
    return command
        .add_option("--guidance", guidance, "How strictly to follow the map, and controls that are guided; 1: off")
        ->check(app::number("a number from -1000 to 1000", [](double value) { return std::abs(value) <= 1000; }));
}

CLI::Option *addWindowOption(CLI::App &command, std::string &window)
{
    return command
        .add_option("--window", window,
                    "exact, or block[:N]: windows in steps of N codes, faster; auto: the longest steps that by the "
                    "model's own figures make codes at most 0.5 % less likely")
        ->check(expectingWindowOrAuto())
        ->capture_default_str();
}

CLI::Option *addWindowOption(CLI::App &command, std::vector<std::string> &windows)
{
    return command
        .add_option("--window", windows,
                    "exact, or block[:N]: windows in steps of N codes; one or several; exact by default, and on a "
                    "canvas of several windows also block:2, block:4 and so on")
        ->check(expectingWindow());
}

std::vector<CLI::Option *> addPaintOptions(CLI::App &command, PaintOptions &options)
{
    CLI::Option *size =
        command.add_option("--size", options.size, "Canvas in pixels, WxH; the map's own size by default");
    size->check(
        expecting("WxH, such as 512x256", [](const std::string &text) { return parsedSize(text).has_value(); }));
    CLI::Option *seed = command.add_option("--seed", options.seed, "Number that decides the picture");
    seed->transform(wholeNumber(0, std::numeric_limits<uint64_t>::max()))->capture_default_str();
    CLI::Option *variations =
        command.add_option("--variations", options.variations, "Pictures of one seed, written as OUT-0, OUT-1, ...")
            ->transform(wholeNumber(1, 10000))
            ->capture_default_str();
    CLI::Option *variation = command.add_option("--variation", options.variation, "The one of these variations");
    variation->transform(wholeNumber(0, std::numeric_limits<uint32_t>::max()))->excludes(variations);
    return {addLabelsOption(command, options.labels),
            size,
            addControlOption(command, options.controls),
            seed,
            variations,
            variation,
            command.add_option("--temperature", options.temperature, "Above 1 more varied, below 1 more common")
                ->check(app::numberAboveZero()),
            command.add_option("--top-k", options.topK, "Codes to choose from; 0: all")
                ->transform(wholeNumber(0, kMostInt64)),
            command.add_option("--top-p", options.topP, "Share of probability to choose from; 1: all")
                ->check(app::number("a number above 0 and at most 1",
                                    [](double value) { return value > 0 && value <= 1; })),
            addGuidanceOption(command, options.guidance),
            command.add_flag("--greedy", options.greedy, "Always the most probable code"),
            addWindowOption(command, options.window)};
}

CLI::Option *addPreviewOption(CLI::App &command, int &previewEvery)
{
    return command
        .add_option("--preview-every", previewEvery,
                    "Every N codes write the unfinished picture to OUT-preview beside OUT")
        ->transform(wholeNumber(1, 1000000000));
}

void expectControlsOnce(const std::vector<std::string> &controls)
{
    std::map<std::string, std::string> seen;
    for (const std::string &text : controls) {
        const auto control = *parsedControl(text);
        const auto [earlier, isNew] = seen.insert(control);
        if (!isNew)
            throw CLI::ValidationError("--control", "'" + control.first + "' was given twice, as '" + earlier->second
                                                        + "' and as '" + control.second + "'");
    }
}

std::optional<std::pair<int, int>> parsedSize(const std::string &text)
{
    const size_t cross = text.find('x');
    if (cross == std::string::npos)
        return {};
    const auto width = parsedNumber(text.substr(0, cross)), height = parsedNumber(text.substr(cross + 1));
    if (!width || !height)
        return {};
    return std::pair{*width, *height};
}

std::optional<core::WindowPolicy> parsedWindow(const std::string &text, int window)
{
    using Kind = core::WindowPolicy::Kind;
    if (text == "exact")
        return core::WindowPolicy{};
    if (text == "block")
        return core::WindowPolicy{Kind::Block, std::max(1, window / 2)};
    const std::string prefix = "block:";
    const auto step = text.starts_with(prefix) ? parsedNumber(text.substr(prefix.size())) : std::nullopt;
    if (!step)
        return {};
    return core::WindowPolicy{Kind::Block, *step};
}

std::string windowText(const core::WindowPolicy &policy)
{
    return policy.kind == core::WindowPolicy::Kind::Exact ? "exact" : "block:" + std::to_string(policy.step);
}

std::optional<std::pair<std::string, std::string>> parsedControl(const std::string &text)
{
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
        return {};
    return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

} // namespace tessera::cli
