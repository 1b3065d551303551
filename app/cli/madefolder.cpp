#include "app/cli/madefolder.h"

#include <unistd.h>

#include "models/error.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

std::vector<fs::path> missingFolders(const fs::path &path)
{
    std::error_code ignored;
    std::vector<fs::path> missing;
    for (fs::path folder = path; !folder.empty() && !fs::exists(folder, ignored); folder = folder.parent_path())
        missing.push_back(folder);
    return missing;
}

} // namespace

MadeFolder::MadeFolder(const fs::path &path) : m_missing(missingFolders(path)), m_guard([this] { takeBack(); })
{
    std::error_code error;
    fs::create_directories(path, error);
    if (!error && !fs::is_directory(path, error) && !error)
        error = std::make_error_code(std::errc::not_a_directory);
    if (!error)
        return;
    takeBack();
    throw Error(ErrorCode::FileWrite, "The folder " + path.string() + " cannot be made: " + error.message() + ".");
}

MadeFolder::~MadeFolder()
{
    takeBack();
}

// Only what is an empty folder goes.
void MadeFolder::takeBack() const
{
    if (m_kept)
        return;
    for (const fs::path &folder : m_missing)
        ::rmdir(folder.c_str());
}

} // namespace tessera::cli
