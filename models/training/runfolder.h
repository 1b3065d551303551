// Folders that are written into for hours: a training run's, kept to one run at a time, and such as several fill at
// once.
#pragma once

#include <filesystem>

namespace tessera::models
{

// While it lives no other run may use the folder, in this process or another: two would write each other's checkpoint
// over. The system ends the hold with the process, however that ends. File systems without locks hold nothing. One
// thread.
class RunFolder
{
public:
    // Touches nothing yet.
    explicit RunFolder(std::filesystem::path path) : m_path(std::move(path)) {}
    ~RunFolder();
    RunFolder(const RunFolder &) = delete;
    RunFolder &operator=(const RunFolder &) = delete;

    // Holds the folder where it is there already. Throws Error: InvalidArgument when another run holds it, FileWrite
    // when it is no folder or may not be used.
    void hold();
    // Makes the folder where there is none, holds it, and removes files that a killed run left half written. Throws
    // likewise.
    void begin();

private:
    std::filesystem::path m_path;
    int m_descriptor = -1; // of the folder itself: a lock needs no file of its own
};

// A folder of files that several processes may make at once, such as shards.
class SharedFolder
{
public:
    // Makes the folder where there is none. Where nobody else holds it, removes files that a killed process left half
    // written; file systems without locks keep theirs. Throws Error (FileWrite).
    explicit SharedFolder(const std::filesystem::path &path);
    ~SharedFolder();
    SharedFolder(const SharedFolder &) = delete;
    SharedFolder &operator=(const SharedFolder &) = delete;

private:
    int m_descriptor = -1;
};

} // namespace tessera::models
