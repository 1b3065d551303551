#include "app/cli/outputs.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>

#include <CLI/Error.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/common/jsontext.h"
#include "core/document/imagefile.h"
#include "core/document/npyfile.h"
#include "models/error.h"
#include "models/wholefile.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

[[noreturn]] void refuse(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileWrite, path.string() + " cannot be written: " + reason + ".");
}

} // namespace

void checkTarget(const fs::path &path)
{
    std::error_code ignored;
    const fs::path target = models::replacedFile(path);
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    if (!fs::exists(folder, ignored))
        refuse(path, "the folder " + folder.string() + " does not exist");
    if (!fs::is_directory(folder, ignored))
        refuse(path, folder.string() + " is no folder");
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        refuse(path, "the folder " + folder.string() + " may not be written to");
}

fs::path resolvedPath(const fs::path &path)
{
    std::error_code error;
    const fs::path found = fs::weakly_canonical(fs::absolute(path), error); // without it "x" and "./x" differ
    return error ? path.lexically_normal() : found;
}

void expectOtherThanInputs(const std::vector<fs::path> &outputs, const std::vector<fs::path> &inputs)
{
    std::map<fs::path, fs::path> named;
    for (const fs::path &input : inputs)
        if (!input.empty())
            named.emplace(resolvedPath(input), input);
    for (const fs::path &output : outputs) {
        const auto same = output.empty() ? named.end() : named.find(resolvedPath(output));
        if (same != named.end())
            throw CLI::ValidationError("The output " + output.string() + " is the same file as the input "
                                       + same->second.string() + "; expected another file.");
    }
}

void checkPictureTarget(const fs::path &path)
{
    core::checkImageSuffix(path);
    checkTarget(path);
}

std::string lowerSuffix(const fs::path &path)
{
    std::string suffix = path.extension().string();
    std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return suffix;
}

void checkCodesTarget(const fs::path &path)
{
    if (lowerSuffix(path) != ".npy")
        throw Error(ErrorCode::InvalidArgument, path.string()
                                                    + " cannot be written: codes and scores go into files whose "
                                                      "name ends in .npy.");
    checkTarget(path);
}

fs::path withInsert(const fs::path &path, const std::string &text)
{
    fs::path result = path;
    return result.replace_filename(path.stem().string() + "-" + text + path.extension().string());
}

void writeScores(const fs::path &path, const core::RenderResult &result)
{
    core::FloatPlanes planes{2, result.codes.size.rows, result.codes.size.columns, result.logProbability.values};
    planes.values.insert(planes.values.end(), result.entropy.values.begin(), result.entropy.values.end());
    core::writeNpy(path, planes);
}

void printJson(const nlohmann::json &json)
{
    std::printf("%s\n", app::jsonText(json).c_str());
}

} // namespace tessera::cli
