// A renderer of the tiny model, one for all tests of a program, and requests for it.
#pragma once

#include <filesystem>
#include <string>

#include <unistd.h>

#include "core/render/render.h"
#include "tests/data/tinymodel.h"

namespace tessera::tests
{

// Removed when the program ends.
class TempFolder
{
public:
    TempFolder()
        : m_path(std::filesystem::temp_directory_path() / ("tessera-render-test-" + std::to_string(::getpid())))
    {
        std::filesystem::create_directories(m_path);
    }
    ~TempFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    const std::filesystem::path &path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

inline const std::filesystem::path &tempFolder()
{
    static const TempFolder folder;
    return folder.path();
}

inline core::Renderer &tinyRenderer()
{
    static core::Renderer renderer(writeTinyModel(tempFolder() / "tiny.safetensors"), {"cpu", "fp32", 1});
    return renderer;
}

// Stripes of labels, so that condition codes differ.
inline core::LabelMap stripedMap(int width, int height)
{
    core::LabelMap map(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            map.row(y)[x] = uint8_t((x / 11 + y / 7) % 25);
    return map;
}

inline core::RenderRequest tinyRequest(int width = 48, int height = 40)
{
    core::RenderRequest request = tinyRenderer().defaultRequest();
    request.width = width;
    request.height = height;
    request.condition = stripedMap(width, height);
    request.seed = 7;
    return request;
}

} // namespace tessera::tests
