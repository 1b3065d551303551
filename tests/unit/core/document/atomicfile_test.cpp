#include "core/document/atomicfile.h"

#include "temporaryfolder.h"

#include <gmock/gmock.h>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

namespace tessera::core
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class AtomicFile : public FileTest
{};

TEST_F(AtomicFile, writesNewFilesAndReplacesOldOnes)
{
    writeFileAtomically(file("a.bin"), QByteArray("first\0x", 7));
    EXPECT_EQ(get("a.bin"), QByteArray("first\0x", 7));
    writeFileAtomically(file("a.bin"), "2");
    EXPECT_EQ(get("a.bin"), "2");
    writeFileAtomically(file("a.bin"), {});
    EXPECT_EQ(get("a.bin"), "");
    EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(AtomicFile, takesNamesOfAnyLengthAndBytes)
{
    const std::string longest(251, 'n'), odd = "\xff\xfe name";
    writeFileAtomically(file(longest + ".png"), "x");
    writeFileAtomically(file(odd), "y");
    EXPECT_EQ(get(longest + ".png"), "x");
    EXPECT_EQ(get(odd), "y");
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file(longest + ".pngs"), "x"); }),
                HasSubstr("too long"));
}

TEST_F(AtomicFile, aRelativeNameLiesInTheCurrentFolder)
{
    const fs::path before = fs::current_path();
    fs::current_path(m_folder);
    writeFileAtomically("plain.bin", "here");
    fs::current_path(before);
    EXPECT_EQ(get("plain.bin"), "here");
}

TEST_F(AtomicFile, followsLinksAndKeepsPermissions)
{
    fs::create_directory(file("deep"));
    put("deep/real.bin", "old");
    ::chmod(file("deep/real.bin").c_str(), 0640);
    fs::create_symlink("deep/real.bin", file("link.bin"));
    writeFileAtomically(file("link.bin"), "new");
    EXPECT_TRUE(fs::is_symlink(file("link.bin")));
    EXPECT_EQ(get("deep/real.bin"), "new");
    EXPECT_EQ(fs::status(file("deep/real.bin")).permissions(), fs::perms(0640));

    fs::create_symlink("deep/new.bin", file("dangling.bin"));
    writeFileAtomically(file("dangling.bin"), "made");
    EXPECT_EQ(get("deep/new.bin"), "made");
}

TEST_F(AtomicFile, refusesMissingFoldersAndLeavesNothing)
{
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("none/a.png"), "x"); }),
                AllOf(HasSubstr("none/a.png"), HasSubstr("No such file or directory")));
    put("plain", "text");
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("plain/a.png"), "x"); }),
                HasSubstr("Not a directory"));
    EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(AtomicFile, refusesWhatIsNoOrdinaryFile)
{
    fs::create_directory(file("folder"));
    ::mkfifo(file("pipe").c_str(), 0600);
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("folder"), "x"); }), HasSubstr("folder"));
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("pipe"), "x"); }),
                HasSubstr("not an ordinary file"));
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically("/dev/full", "x"); }),
                HasSubstr("not an ordinary file"));
    EXPECT_TRUE(fs::is_fifo(file("pipe")));
    EXPECT_EQ(filesInFolder(), 2u);
}

TEST_F(AtomicFile, aReadOnlyFolderKeepsTheOldFile)
{
    if (::geteuid() == 0) {
        GTEST_SKIP() << "the administrator may write everywhere";
    }
    put("a.bin", "old");
    fs::permissions(m_folder, fs::perms(0500));
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("a.bin"), "new"); }),
                HasSubstr("Permission denied"));
    EXPECT_EQ(get("a.bin"), "old");
    EXPECT_EQ(filesInFolder(), 1u);
    fs::permissions(m_folder, fs::perms(0700));
    fs::permissions(file("a.bin"), fs::perms(0400));
    EXPECT_THAT(errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("a.bin"), "new"); }),
                HasSubstr("Permission denied"));
}

// A limit on the size of files fails like a full disk: the first write is short, the next one fails.
class SizeLimit
{
public:
    explicit SizeLimit(rlim_t bytes)
    {
        ::getrlimit(RLIMIT_FSIZE, &m_before);
        const rlimit limit{bytes, m_before.rlim_max};
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SizeLimit()
    {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }

private:
    rlimit m_before;
    void (*m_handler)(int);
};

TEST_F(AtomicFile, aWriteThatFailsHalfWayKeepsTheOldFile)
{
    put("a.bin", "old");
    std::string message;
    {
        const SizeLimit limit(100000);
        message = errorOf(ErrorCode::FileWrite, [&] { writeFileAtomically(file("a.bin"), QByteArray(1000000, 'x')); });
    }
    EXPECT_THAT(message, AllOf(HasSubstr("a.bin"), HasSubstr("too large")));
    EXPECT_EQ(get("a.bin"), "old");
    EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(AtomicFile, readsWholeFiles)
{
    const QByteArray content("a\0b\r\n", 5);
    put("a.bin", content);
    ::mkfifo(file("pipe").c_str(), 0600);
    EXPECT_EQ(readWholeFile(file("a.bin"), 5), content);
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readWholeFile(file("a.bin"), 4); }),
                HasSubstr("5 bytes; at most 4"));
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readWholeFile(file("b.bin"), 4); }),
                AllOf(HasSubstr("b.bin"), HasSubstr("No such file")));
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readWholeFile(m_folder, 4); }), HasSubstr("it is a folder"));
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readWholeFile(file("pipe"), 4); }), HasSubstr("ordinary"));
}

} // namespace
} // namespace tessera::core
