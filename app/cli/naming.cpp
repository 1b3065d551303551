#include "app/cli/naming.h"

#include "app/common/sentence.h"
#include "core/render/requesterror.h"

namespace tessera::cli
{

namespace
{

using core::RequestPart;

std::string fileOf(RequestPart part, const RequestFiles &files)
{
    switch (part) {
    case RequestPart::None:
        return files.values;
    case RequestPart::Canvas:
        return files.canvas;
    case RequestPart::Condition:
        return files.condition;
    case RequestPart::Initial:
        return files.initial;
    case RequestPart::Region:
        return files.region;
    }
    return {};
}

// Whether the canvas has its size from a condition that could be scaled to another one.
bool isScalable(const RequestFiles &files)
{
    return files.scalable && !files.canvas.empty() && files.canvas == files.condition;
}

} // namespace

std::string named(const std::string &sentence, const std::string &file)
{
    const bool hasIt = file.empty() || sentence.find(file) != std::string::npos;
    return hasIt ? sentence : file + ": " + sentence;
}

void naming(const std::string &file, const std::function<void()> &work, ErrorCode code)
{
    try {
        work();
    } catch (const Error &error) {
        if (error.code() != code)
            throw;
        throw Error(code, named(error.what(), file));
    }
}

void expectTakes(const core::ModelInfo &model, const std::string &kind)
{
    naming(model.path.string(), [&] { model.expectTakes(kind); });
}

void checkNamed(const core::Renderer &renderer, const core::RenderRequest &request, const RequestFiles &files)
{
    try {
        renderer.check(request);
    } catch (const core::RequestError &error) {
        std::string sentence = error.what();
        if (error.part() == RequestPart::Canvas && isScalable(files))
            sentence = app::withoutFullStop(sentence) + " (--size scales it).";
        const std::string file = fileOf(error.part(), files); // which the sentence cannot know
        throw core::RequestError(error.part(), file.empty() ? sentence : file + ": " + sentence);
    }
}

} // namespace tessera::cli
