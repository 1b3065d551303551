// Options that several commands share, as plain values, and how they are added to a command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/App.hpp>

#include "core/render/render.h"

namespace tessera::cli
{

// Which model, and on what it runs.
struct ModelOptions {
    std::string model = "starter";
    core::RendererOptions renderer;
};
void addModelOptions(CLI::App &command, ModelOptions &options);

// How results and progress are told.
struct ReportOptions {
    bool json = false;
    std::string progress = "auto";
};
void addJsonOption(CLI::App &command, ReportOptions &options);
void addProgressOption(CLI::App &command, ReportOptions &options);

// What to paint from; at most one is given.
struct ConditionOptions {
    std::string map;
    std::string depth;
    std::string edges;
    std::string conditionCodes;
    // Of what the codes were made from: labels, depth, edges; empty: what the model paints from first.
    std::string mapKind;
    std::optional<int64_t> classIndex;
    bool unconditional = false;
};
// Returns the options added, so that a command can exclude them.
std::vector<CLI::Option *> addConditionOptions(CLI::App &command, ConditionOptions &options);

// Asks for core::automaticWindow.
inline constexpr char kAutoWindow[] = "auto";

// What decides a picture beside the condition. Values left out are the model's defaults.
struct PaintOptions {
    std::string labels = "auto";
    std::string size;                  // "WxH"
    std::vector<std::string> controls; // "key=value"
    uint64_t seed = 0;
    std::optional<uint32_t> variation;
    int variations = 1;
    std::optional<double> temperature;
    std::optional<int64_t> topK;
    std::optional<double> topP;
    std::optional<double> guidance;
    bool greedy = false;
    std::string window = "exact"; // or as parsedWindow, or kAutoWindow
};
CLI::Option *addMapKindOption(CLI::App &command, std::string &mapKind, const std::string &help);
CLI::Option *addLabelsOption(CLI::App &command, std::string &labels);
CLI::Option *addControlOption(CLI::App &command, std::vector<std::string> &controls);
CLI::Option *addGuidanceOption(CLI::App &command, std::optional<double> &guidance);
CLI::Option *addWindowOption(CLI::App &command, std::string &window);
// Several, to compare them.
CLI::Option *addWindowOption(CLI::App &command, std::vector<std::string> &windows);
// All of them, with the same promise.
std::vector<CLI::Option *> addPaintOptions(CLI::App &command, PaintOptions &options);

CLI::Option *addPreviewOption(CLI::App &command, int &previewEvery);

// Makes a command line error of a control that is given twice.
void expectControlsOnce(const std::vector<std::string> &controls);

// "512x256" -> {512, 256}; nothing for what is no size.
std::optional<std::pair<int, int>> parsedSize(const std::string &text);
// "exact", "block", "block:N"; nothing for anything else. `block` alone moves by half a window.
std::optional<core::WindowPolicy> parsedWindow(const std::string &text, int window);
std::string windowText(const core::WindowPolicy &policy);
// "key=value"; nothing for anything else.
std::optional<std::pair<std::string, std::string>> parsedControl(const std::string &text);

} // namespace tessera::cli
