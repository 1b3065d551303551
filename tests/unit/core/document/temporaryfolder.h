// A folder of its own for each test, and the text of the error an action throws.
#pragma once

#include "models/error.h"

#include <QByteArray>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace tessera::core
{

class FileTest : public testing::Test
{
protected:
    FileTest() { std::filesystem::create_directories(m_folder); }
    ~FileTest() override { std::filesystem::remove_all(m_folder); }

    static std::string uniqueName()
    {
        const auto *info = testing::UnitTest::GetInstance()->current_test_info();
        return std::string("tessera-") + info->test_suite_name() + "-" + info->name() + "-"
               + std::to_string(::getpid());
    }

    std::filesystem::path file(const std::string &name) const { return m_folder / name; }

    void put(const std::string &name, const QByteArray &content) const
    {
        std::ofstream(file(name), std::ios::binary).write(content.constData(), content.size());
    }

    QByteArray get(const std::string &name) const
    {
        std::ifstream stream(file(name), std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
        return QByteArray::fromStdString(content);
    }

    size_t filesInFolder() const
    {
        return size_t(
            std::distance(std::filesystem::directory_iterator(m_folder), std::filesystem::directory_iterator()));
    }

    const std::filesystem::path m_folder = std::filesystem::temp_directory_path() / uniqueName();
};

// Empty when it throws none.
template<typename Action>
std::string errorOf(ErrorCode expected, Action action)
{
    try {
        action();
    } catch (const Error &error) {
        return error.code() == expected ? error.what() : std::string("another code: ") + error.what();
    }
    return {};
}

} // namespace tessera::core
