#include "app/cli/stagedfiles.h"

#include "core/document/imagefile.h"
#include "models/error.h"
#include "models/wholefile.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

PreviewFile::PreviewFile(fs::path path)
    : m_path(std::move(path))
    , m_guard([this] { m_mutex.lock(), takeBack(); }) // nothing is written from then on
{}

PreviewFile::~PreviewFile()
{
    const std::scoped_lock lock(m_mutex);
    takeBack();
}

void PreviewFile::takeBack()
{
    std::error_code ignored;
    if (m_written)
        fs::remove(m_path, ignored);
    if (!m_earlier.empty())
        fs::rename(m_earlier, m_path, ignored);
    m_earlier.clear();
    m_written = false;
}

void PreviewFile::setEarlierAside()
{
    m_path = models::replacedFile(m_path);
    if (!fs::exists(m_path))
        return;
    m_earlier = models::fileBeside(m_path);
    fs::rename(m_path, m_earlier);
}

void PreviewFile::write(const core::Image &picture)
{
    const std::scoped_lock lock(m_mutex);
    if (!m_written)
        setEarlierAside();
    m_written = true;
    core::writeImage(m_path, core::toQImage(picture));
}

void PreviewFile::keep()
{
    const std::scoped_lock lock(m_mutex);
    std::error_code ignored;
    if (!m_earlier.empty())
        fs::remove(m_earlier, ignored);
    m_earlier.clear();
    m_written = false;
}

StagedFiles::~StagedFiles()
{
    std::error_code ignored;
    for (const auto &[staged, target] : m_files)
        fs::remove(staged, ignored);
}

fs::path StagedFiles::add(const fs::path &target)
{
    if (target.empty())
        return {};
    const fs::path real = models::replacedFile(target);
    const fs::path staged = models::fileBeside(real);
    m_files.emplace_back(staged, real);
    return staged;
}

void StagedFiles::commit()
{
    std::error_code ignored, error;
    for (const auto &[staged, target] : m_files) {
        if (fs::exists(target, ignored))
            fs::permissions(staged, fs::status(target).permissions(), ignored);
        fs::rename(staged, target, error);
        if (error)
            throw Error(ErrorCode::FileWrite,
                        "The file " + target.string() + " cannot be written: " + error.message() + ".");
    }
    m_files.clear();
}

} // namespace tessera::cli
