#include "app/cli/naming.h"

#include <array>
#include <utility>

namespace tessera::cli
{

namespace
{

constexpr char kCanvas[] = "The canvas is ";

// By how the sentences of core/render/checks.h begin.
std::string fileOf(const std::string &sentence, const RequestFiles &files)
{
    const std::array<std::pair<const char *, const std::string *>, 8> beginnings{{
        {kCanvas, &files.canvas},
        {"The map ", &files.condition},
        {"The label map ", &files.condition},
        {"The depth or edge map ", &files.condition},
        {"The condition code", &files.condition},
        {"The initial picture", &files.initial},
        {"The picture ", &files.initial},
        {"The region ", &files.region},
    }};
    for (const auto &[beginning, file] : beginnings)
        if (sentence.starts_with(beginning))
            return *file;
    return {};
}

std::string withSizeHint(std::string sentence)
{
    if (sentence.ends_with('.'))
        sentence.pop_back();
    return sentence + " (--size scales it).";
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

void checkNamed(const core::Renderer &renderer, const core::RenderRequest &request, const RequestFiles &files)
{
    try {
        renderer.check(request);
    } catch (const Error &error) {
        const std::string sentence = error.what();
        const std::string file = fileOf(sentence, files);
        const bool hint = files.scalable && !file.empty() && file == files.condition && sentence.starts_with(kCanvas);
        throw Error(error.code(), named(hint ? withSizeHint(sentence) : sentence, file));
    }
}

} // namespace tessera::cli
