// What people hand over by mistake: one sentence that names file, found and expected, exit code 1, nothing written.
#include <sys/stat.h>

#include "core/document/imagefile.h"
#include "tests/unit/app/clifixture.h"

namespace tessera::tests
{

namespace
{

class CliBadInput : public Cli
{
protected:
    ~CliBadInput() override { EXPECT_FALSE(std::filesystem::exists(file("a.png"))); }

    Outcome renderWith(const std::string &model, const std::string &map, std::vector<std::string> more = {}) const
    {
        more.insert(more.begin(), {"render", "--model", model, "--map", map, "-o", file("a.png"), "--threads", "1"});
        return run(more);
    }
    // A file of the test's folder with the given bytes.
    std::string written(const std::string &name, const std::string &bytes) const
    {
        std::ofstream(file(name), std::ios::binary) << bytes;
        return file(name);
    }
};

TEST_F(CliBadInput, DamagedModels)
{
    const std::string whole = bytesOf(model());
    expectFailure(renderWith(written("cut.safetensors", whole.substr(0, whole.size() - 5)), map()), "cut.safetensors");
    expectFailure(renderWith(written("empty.safetensors", ""), map()), "0 bytes, expected at least 8");
    expectFailure(renderWith(written("noise.safetensors", std::string(4096, 'x')), map()), "noise.safetensors");
    expectFailure(renderWith(written("page.ckpt", "<!DOCTYPE html><html><body>404</body></html>"), map()), "web page");
    expectFailure(renderWith(map(), map()), "map.png");
}

TEST_F(CliBadInput, WrongTensorShapesAreNamed)
{
    std::string bytes = bytesOf(model());
    // The configuration asks for a wider transformer than the tensors are.
    const size_t place = bytes.find("n_embd");
    ASSERT_NE(place, std::string::npos);
    const size_t digit = bytes.find_first_of("0123456789", place);
    bytes[digit] = bytes[digit] == '9' ? '8' : char(bytes[digit] + 1);
    const Outcome outcome = renderWith(written("wide.safetensors", bytes), map());
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.err, testing::HasSubstr("wide.safetensors"));
    EXPECT_THAT(outcome.err, testing::HasSubstr("expected"));
}

TEST_F(CliBadInput, MapsWithUnknownLabels)
{
    QImage index(32, 32, QImage::Format_Grayscale8);
    index.fill(200);
    core::writeImage(file("index.png"), index);
    expectFailure(renderWith(model(), file("index.png"), {"--labels", "index"}), "200");
}

TEST_F(CliBadInput, MapsThatCannotBeRead)
{
    const std::string whole = bytesOf(map());
    expectFailure(renderWith(model(), written("cut.png", whole.substr(0, whole.size() / 2))), "cut.png");
    expectFailure(renderWith(model(), written("text.png", "no picture")), "text.png");
    expectFailure(renderWith(model(), folder.string()), "is a folder; expected a file");
}

TEST_F(CliBadInput, CanvasesThatDoNotFit)
{
    core::writeImage(file("small.png"),
                     core::toQImage(core::mapToRgb(landscapeMap(24, 24), core::loadLabelSet("landscape"))));
    expectFailure(renderWith(model(), file("small.png")), "32 x 32");
    expectFailure(renderWith(model(), map(), {"--size", "4000000x4000000"}), "4000000");
    expectFailure(renderWith(model(), map(), {"--size", "200000x200000"}), "16384 pixels");
}

TEST_F(CliBadInput, FoldersThatTakeNoFiles)
{
    if (::geteuid() == 0)
        GTEST_SKIP() << "root may write everywhere";
    ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
    expectFailure(renderWith(model(), map()), "cannot be written");
    ::chmod(folder.c_str(), 0755);
}

} // namespace

} // namespace tessera::tests
