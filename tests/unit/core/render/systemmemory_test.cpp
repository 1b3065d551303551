#include "core/render/systemmemory.h"

#include <fstream>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::core
{

namespace
{

namespace fs = std::filesystem;

constexpr uint64_t kGiB = uint64_t(1) << 30;

// A file system in which what the kernel says is written by hand.
class SystemMemory : public testing::Test
{
protected:
    void SetUp() override
    {
        fs::remove_all(root());
        write("proc/meminfo",
              "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n"); // 16, 8 GiB
    }

    static fs::path root() { return tests::tempFolder() / "root"; }
    static void write(const std::string &name, const std::string &text)
    {
        fs::create_directories((root() / name).parent_path());
        std::ofstream(root() / name) << text;
    }
};

TEST_F(SystemMemory, IsTheMachinesWithoutControlGroups)
{
    EXPECT_EQ(availableMemory(root()), 8 * kGiB);
    EXPECT_EQ(totalMemory(root()), 16 * kGiB);
    write("proc/self/cgroup", "0::/\n");
    EXPECT_EQ(availableMemory(root()), 8 * kGiB);
}

TEST_F(SystemMemory, IsUnknownWhereTheSystemSaysNothing)
{
    EXPECT_EQ(availableMemory(root() / "nowhere"), std::numeric_limits<uint64_t>::max());
}

// A service within a slice that has a limit; what the kernel caches of files it gives back.
TEST_F(SystemMemory, HeedsTheLimitsOfAllGroupsAroundTheProcess)
{
    write("proc/self/cgroup", "1:name=systemd:/elsewhere\n0::/work.slice/tessera.service\n");
    write("sys/fs/cgroup/work.slice/tessera.service/memory.max", "max\n");
    write("sys/fs/cgroup/work.slice/tessera.service/memory.current", "1073741824\n");
    EXPECT_EQ(availableMemory(root()), 8 * kGiB);
    write("sys/fs/cgroup/work.slice/memory.max", "4294967296\n");
    write("sys/fs/cgroup/work.slice/memory.current", "3221225472\n");
    write("sys/fs/cgroup/work.slice/memory.stat", "anon 5\ninactive_file 1073741824\nactive_file 7\n");
    EXPECT_EQ(availableMemory(root()), 2 * kGiB);
    EXPECT_EQ(totalMemory(root()), 4 * kGiB);
    write("sys/fs/cgroup/work.slice/memory.current", "9663676416\n"); // above its limit
    EXPECT_EQ(availableMemory(root()), 0u);
}

// In a container the path is the host's, and the limit stands at the root of what the container sees.
TEST_F(SystemMemory, KnowsTheFirstVersion)
{
    write("proc/self/cgroup", "5:cpu:/\n4:hugetlb,memory:/docker/0123\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
    EXPECT_EQ(availableMemory(root()), kGiB);
    EXPECT_EQ(totalMemory(root()), 2 * kGiB);
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); // no limit, in that version's words
    EXPECT_EQ(availableMemory(root()), 8 * kGiB);
}

} // namespace

} // namespace tessera::core
