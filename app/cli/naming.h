// Which file an error is about: rendering knows pictures and maps, only the command line knows where they came from.
#pragma once

#include <functional>
#include <string>

#include "core/render/render.h"
#include "models/error.h"

namespace tessera::cli
{

// The sentence with the file's name before it, unless it has it already or `file` is empty.
std::string named(const std::string &sentence, const std::string &file);

// Runs `work`; an Error of the code names `file`.
void naming(const std::string &file, const std::function<void()> &work, ErrorCode code = ErrorCode::InvalidArgument);

// ModelInfo::expectTakes with the model's file in the sentence.
void expectTakes(const core::ModelInfo &model, const std::string &kind);

// The files that the parts of a request were read from; empty where there was none.
struct RequestFiles {
    std::string values; // what is no map or picture, such as the temperature
    std::string condition;
    bool scalable = false; // the condition fits any canvas
    std::string canvas;    // what gave it its size; empty when it was chosen
    std::string initial;
    std::string region;
};
// Renderer::check, with errors that name the file. Throws what that throws.
void checkNamed(const core::Renderer &renderer, const core::RenderRequest &request, const RequestFiles &files);

} // namespace tessera::cli
