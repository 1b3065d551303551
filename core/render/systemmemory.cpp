#include "core/render/systemmemory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace tessera::core
{

namespace
{

namespace fs = std::filesystem;

constexpr uint64_t kUnknown = std::numeric_limits<uint64_t>::max();

uint64_t meminfo(const fs::path &root, const std::string &key)
{
    std::ifstream file(root / "proc/meminfo");
    std::string name, unit;
    uint64_t kibibytes = 0;
    while (file >> name >> kibibytes) {
        std::getline(file, unit);
        if (name == key + ":")
            return kibibytes * 1024;
    }
    return kUnknown;
}

// A file of one number; `otherwise` where there is none, or the word "max".
uint64_t numberIn(const fs::path &path, uint64_t otherwise)
{
    std::ifstream file(path);
    uint64_t number = 0;
    return file >> number ? number : otherwise;
}

uint64_t statistic(const fs::path &path, const std::string &key)
{
    std::ifstream file(path);
    std::string name;
    uint64_t value = 0;
    while (file >> name >> value)
        if (name == key)
            return value;
    return 0;
}

// The files of one version of control groups.
struct GroupFiles {
    const char *folder; // in which groups lie, below the root
    const char *limit;
    const char *usage;
    const char *fileCache; // of memory.stat: what the kernel gives back when asked
};

constexpr GroupFiles kVersion2{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
constexpr GroupFiles kVersion1{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file"};

struct Group {
    GroupFiles files;
    fs::path folder;
};

// The groups of this process that may limit its memory, up to the outermost. A line of /proc/self/cgroup is
// "ID:CONTROLLERS:/PATH", of version 2 "0::/PATH".
std::vector<Group> groups(const fs::path &root)
{
    std::vector<Group> found;
    std::ifstream file(root / "proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos)
            continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool unified = controllers == ",,";
        if (!unified && controllers.find(",memory,") == std::string::npos)
            continue;
        const GroupFiles &files = unified ? kVersion2 : kVersion1;
        fs::path inside = fs::path(line.substr(second + 1)).relative_path();
        for (; !inside.empty(); inside = inside.parent_path())
            found.push_back({files, root / files.folder / inside});
        found.push_back({files, root / files.folder});
    }
    return found;
}

uint64_t leftOf(const Group &group)
{
    const uint64_t limit = numberIn(group.folder / group.files.limit, kUnknown);
    const uint64_t usage = numberIn(group.folder / group.files.usage, 0);
    const uint64_t cache = std::min(usage, statistic(group.folder / "memory.stat", group.files.fileCache));
    return limit == kUnknown ? kUnknown : limit - std::min(limit, usage - cache);
}

} // namespace

uint64_t availableMemory(const fs::path &root)
{
    uint64_t available = meminfo(root, "MemAvailable");
    for (const Group &group : groups(root))
        available = std::min(available, leftOf(group));
    return available;
}

uint64_t totalMemory(const fs::path &root)
{
    uint64_t total = meminfo(root, "MemTotal");
    for (const Group &group : groups(root))
        total = std::min(total, numberIn(group.folder / group.files.limit, kUnknown));
    return total;
}

} // namespace tessera::core
