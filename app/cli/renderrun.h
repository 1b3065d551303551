// What `render` and `batch` share: from options to requests, from requests to files.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QColorSpace>

#include "app/cli/naming.h"
#include "app/cli/options.h"
#include "app/cli/progress.h"
#include "app/cli/stagedfiles.h"
#include "core/render/render.h"

namespace tessera::cli
{

struct OutputOptions {
    std::string picture;
    std::string codes;  // may be empty
    std::string scores; // may be empty
    int previewEvery = 0;
};

// Files of one variation.
struct Outputs {
    std::filesystem::path picture;
    std::filesystem::path codes;
    std::filesystem::path scores;
    std::filesystem::path preview; // empty: none
};
// One per variation: numbered before the suffix when there are several.
std::vector<Outputs> outputsFor(const OutputOptions &options, int variations);
// Throws Error when one cannot be written, or two are the same file.
void checkOutputs(const std::vector<Outputs> &outputs);
// All of them; previews are listed apart.
std::vector<std::filesystem::path> pathsOf(const std::vector<Outputs> &outputs);
std::vector<std::filesystem::path> previewsOf(const std::vector<Outputs> &outputs);

// The files that a request reads.
std::vector<std::filesystem::path> inputsOf(const ConditionOptions &condition);

// Reads the condition and fills in everything but the region. `note` as in readLabels.
core::RenderRequest requestFor(const core::Renderer &renderer, const ConditionOptions &condition,
                               const PaintOptions &paint, std::optional<std::pair<int, int>> ownSize,
                               std::string &note);

// For checkNamed: where the condition came from, and the canvas unless its size was chosen.
RequestFiles filesOf(const ConditionOptions &condition, const PaintOptions &paint);

// Renders with Ctrl+C heeded; with `preview`, the unfinished picture is written to it every so many codes.
// Throws Interrupted.
core::RenderResult renderOnce(core::Renderer &renderer, const core::RenderRequest &request, Progress &progress,
                              PreviewFile *preview = nullptr, int previewEvery = 0);

// All variations, without previews: drawn together where that pays. Throws Interrupted.
std::vector<core::RenderResult> renderVariations(core::Renderer &renderer, const core::RenderRequest &request,
                                                 int count, Progress &progress);

// A result on its way to files.
struct Finished {
    Outputs outputs;
    core::RenderResult result;
    std::string record;                   // of Renderer::record
    std::shared_ptr<PreviewFile> preview; // may be null
    QColorSpace space;                    // to write the picture in, as core::writePicture has it
};
// Writes the files of all results or none: they are first written beside their places, then moved there; previews then
// stay. Ctrl+C waits meanwhile.
void writeOutputs(const std::vector<Finished> &results, Progress &progress);

} // namespace tessera::cli
