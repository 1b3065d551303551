// Every family of published models: a tiny one of the original's making gives the codes, pictures and odds that
// tests/data/reference.py computes in the plainest way, the whole window anew for every code.
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/document/fieldfile.h"
#include "core/document/imagefile.h"
#include "core/document/npyfile.h"
#include "core/map/depthmap.h"
#include "core/render/condition.h"
#include "core/render/render.h"
#include "models/bundle.h"
#include "models/error.h"
#include "models/safetensors.h"
#include "tests/unit/app/process.h"
#include "tests/unit/models/pythontorch.h"

namespace tessera::tests
{

namespace
{

namespace fs = std::filesystem;
using core::CodeGrid;
using testing::HasSubstr;

constexpr double kPictureTolerance = 1e-4;

struct Family {
    const char *name;
    std::vector<const char *> canvases;
    std::vector<std::string> options; // of `render`; FILE stands for the map of the canvas
};

const std::vector<const char *> kAll{"square", "wide", "tall"};
const std::vector<Family> kFamilies{{"sflckr", kAll, {"--map", "FILE"}},
                                    {"coco", kAll, {"--map", "FILE"}},
                                    {"ade20k", kAll, {"--map", "FILE"}},
                                    {"drin", kAll, {"--depth", "FILE"}},
                                    {"faceshq", kAll, {}},
                                    {"celebahq", {"square"}, {"--unconditional"}},
                                    {"ffhq", {"square"}, {"--unconditional"}},
                                    {"cin", {"square"}, {"--class", "7"}},
                                    {"gumbel", {"square", "wide"}, {}},
                                    {"ldm", {"square"}, {}},
                                    {"listed", {"square"}, {}},
                                    {"listed_extra", {"square"}, {}},
                                    {"listed_fixed", {"square"}, {}},
                                    {"again", {"square"}, {"--edges", "FILE"}},
                                    {"once", {"square"}, {"--edges", "FILE"}},
                                    {"unmasked", {"tall"}, {}}};
const std::vector<const char *> kOrders{"Subsample", "ZCurve", "SpiralOut", "SpiralIn", "Random", "AlternateParsing"};

void PrintTo(const Family &family, std::ostream *stream)
{
    *stream << family.name;
}

fs::path folderOf(const std::string &family)
{
    return fs::path(TESSERA_FAMILIES_FOLDER) / family;
}

void writeFamilies(const std::vector<std::string> &names)
{
    std::string command =
        "'" TESSERA_VENV_PYTHON "' -W ignore tests/data/write_families.py '" TESSERA_FAMILIES_FOLDER "'";
    for (const std::string &name : names) {
        fs::remove_all(folderOf(name));
        command += " " + name;
    }
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

models::StateDict expectedOf(const std::string &family)
{
    return models::readSafetensors(models::readSafetensorsIndex(folderOf(family) / "expected.safetensors"));
}

CodeGrid gridFrom(const at::Tensor &codes)
{
    return core::gridOf(codes.unsqueeze(0));
}

std::unique_ptr<core::Renderer> openModel(const std::string &family)
{
    return std::make_unique<core::Renderer>(folderOf(family) / "model", core::RendererOptions{"cpu", "fp32", 1});
}

core::LabelMap labelsIn(const fs::path &file)
{
    const core::ImageBytes bytes = core::readMapImage(file, core::PalettePixels::Indices);
    core::LabelMap map(bytes.width, bytes.height);
    map.labels = bytes.bytes;
    return map;
}

core::RenderRequest greedyRequest(const core::Renderer &renderer, const std::string &family, const std::string &canvas,
                                  const CodeGrid &codes)
{
    core::RenderRequest request = renderer.defaultRequest();
    request.greedy = true;
    request.width = codes.size.columns * renderer.info().factor;
    request.height = codes.size.rows * renderer.info().factor;
    const fs::path map = folderOf(family) / (canvas + ".png");
    if (fs::exists(map)) {
        const core::ImageBytes pixels = core::readMapImage(map);
        request.width = pixels.width;
        request.height = pixels.height;
    }
    if (renderer.info().paintsFrom == "labels")
        request.condition = labelsIn(map);
    else if (fs::exists(map))
        request.condition = core::normalizedField(core::readFieldImage(map), map.string());
    else if (renderer.info().paintsFrom == "class")
        request.condition = int64_t(7);
    return request;
}

// 8-bit values of a picture in [-1, 1] that differ from `picture` by more than rounding can explain.
int64_t wrongBytes(const core::Image &picture, const at::Tensor &expected)
{
    const at::Tensor bytes = ((expected[0].permute({1, 2, 0}) + 1) * 127.5).clamp(0, 255).contiguous();
    const auto *values = bytes.data_ptr<float>();
    int64_t wrong = 0;
    for (size_t i = 0; i < picture.rgb.size(); ++i)
        wrong += std::abs(float(picture.rgb[i]) - values[i]) > 0.5 + 127.5 * kPictureTolerance ? 1 : 0;
    return int64_t(picture.rgb.size()) == bytes.numel() ? wrong : bytes.numel();
}

void expectCanvas(core::Renderer &renderer, const models::ModelBundle &bundle, const std::string &family,
                  const std::string &canvas, const models::StateDict &expected)
{
    const CodeGrid codes = gridFrom(expected.at(canvas + ".codes"));
    const core::RenderResult result = renderer.render(greedyRequest(renderer, family, canvas, codes));
    const at::Tensor condition = core::tensorOf(result.conditionCodes) + bundle.config().condition.tokens.first;
    EXPECT_TRUE(at::equal(condition.reshape(-1), expected.at(canvas + ".condition").reshape(-1)));
    EXPECT_EQ(result.codes, codes);
    const at::Tensor picture = expected.at(canvas + ".picture");
    const at::Tensor decoded = bundle.firstStage().decode(core::tensorOf(result.codes));
    ASSERT_EQ(decoded.sizes(), picture.sizes());
    EXPECT_LT((decoded - picture).abs().max().item<double>(), kPictureTolerance);
    EXPECT_EQ(wrongBytes(result.picture, picture), 0);
}

void expectEncodes(core::Renderer &renderer, const models::StateDict &expected)
{
    const at::Tensor input = expected.at("input");
    core::Image picture{int(input.size(1)), int(input.size(0)), {}};
    const auto *bytes = input.data_ptr<uint8_t>();
    picture.rgb.assign(bytes, bytes + input.numel());
    EXPECT_EQ(renderer.encode(picture), gridFrom(expected.at("input.codes")));
}

// The program itself, on the last canvas: files in, files out.
void expectFromProgram(const Family &family, const models::StateDict &expected)
{
    const fs::path folder = folderOf(family.name);
    const std::string canvas = family.canvases.back();
    const fs::path map = folder / (canvas + ".png");
    const CodeGrid codes = gridFrom(expected.at(canvas + ".codes"));
    std::vector<std::string> arguments{TESSERA_CLI,
                                       "render",
                                       "--model",
                                       (folder / "model").string(),
                                       "--greedy",
                                       "--precision",
                                       "fp32",
                                       "--device",
                                       "cpu",
                                       "--threads",
                                       "1",
                                       "--codes",
                                       (folder / "codes.npy").string(),
                                       "-o",
                                       (folder / "out.png").string()};
    if (!fs::exists(map)) {
        const at::Tensor picture = expected.at(canvas + ".picture");
        arguments.insert(arguments.end(),
                         {"--size", std::to_string(picture.size(3)) + "x" + std::to_string(picture.size(2))});
    }
    for (const std::string &option : family.options)
        arguments.push_back(option == "FILE" ? map.string() : option);
    const Outcome outcome = Process(arguments).finish();
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(core::readNpyCodes(folder / "codes.npy"), codes);
}

class Families : public testing::TestWithParam<Family>
{};

TEST_P(Families, GiveTheCodesAndPicturesOfTheReference)
{
    if (!hasTorch(TESSERA_VENV_PYTHON))
        GTEST_SKIP() << kNoTorch;
    const std::string name = GetParam().name;
    writeFamilies({name});
    const models::StateDict expected = expectedOf(name);
    const std::unique_ptr<core::Renderer> renderer = openModel(name);
    const models::ModelBundle bundle = models::ModelBundle::open(folderOf(name) / "model");
    for (const std::string canvas : GetParam().canvases) {
        SCOPED_TRACE(canvas);
        expectCanvas(*renderer, bundle, name, canvas, expected);
    }
    expectEncodes(*renderer, expected);
    expectFromProgram(GetParam(), expected);
}

INSTANTIATE_TEST_SUITE_P(Published, Families, testing::ValuesIn(kFamilies),
                         [](const auto &family) { return std::string(family.param.name); });

TEST(Orders, GiveTheCodesOfTheReferenceInOneWindow)
{
    if (!hasTorch(TESSERA_VENV_PYTHON))
        GTEST_SKIP() << kNoTorch;
    writeFamilies({kOrders.begin(), kOrders.end()});
    for (const std::string order : kOrders) {
        SCOPED_TRACE(order);
        const std::unique_ptr<core::Renderer> renderer = openModel(order);
        const models::ModelBundle bundle = models::ModelBundle::open(folderOf(order) / "model");
        expectCanvas(*renderer, bundle, order, "square", expectedOf(order));

        core::RenderRequest wide = renderer->defaultRequest();
        wide.width = 40;
        wide.height = 32;
        try {
            renderer->check(wide);
            ADD_FAILURE() << "accepted";
        } catch (const Error &error) {
            EXPECT_THAT(error.what(), HasSubstr(order + ", for which there are no sliding windows"));
        }
    }
}

// A configuration that names another order than the file was trained in.
TEST(Orders, MustBeTheFilesOwn)
{
    if (!hasTorch(TESSERA_VENV_PYTHON))
        GTEST_SKIP() << kNoTorch;
    const std::string name = "Reversed"; // a spiral, of which the configuration says that it runs the other way
    writeFamilies({name});
    try {
        models::ModelBundle::open(folderOf(name) / "model");
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_THAT(error.what(), HasSubstr("permuter.forward_shuffle_idx is not the order SpiralOut"));
    }
}

double meanOf(const at::Tensor &logProbability)
{
    return -logProbability.to(at::kDouble).mean().item<double>();
}

// The program's means over the canvas, several policies at once.
void expectScoresFromProgram(const models::StateDict &expected)
{
    const fs::path folder = folderOf("scored");
    core::writeNpy(folder / "codes.npy", gridFrom(expected.at("tall.codes")));
    const Outcome outcome =
        Process({TESSERA_CLI, "score", "--model", (folder / "model").string(), "--codes",
                 (folder / "codes.npy").string(), "--map", (folder / "tall.png").string(), "--window", "exact",
                 "block:4", "--precision", "fp32", "--device", "cpu", "--threads", "1", "--json"})
            .finish();
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const auto policies = nlohmann::json::parse(outcome.out).at("policies");
    ASSERT_EQ(policies.size(), 2U);
    for (const auto &[index, window, name] : {std::tuple{0, "exact", "exact"}, {1, "block:4", "block"}}) {
        const double nats = meanOf(expected.at(name));
        EXPECT_EQ(policies[size_t(index)].at("window"), window);
        EXPECT_NEAR(policies[size_t(index)].at("nats_per_code").get<double>(), nats, 1e-4);
        EXPECT_NEAR(policies[size_t(index)].at("bits_per_code").get<double>(), nats / std::log(2.0), 1e-4);
    }
}

TEST(Score, AgreesWithTheReferenceCodeForCode)
{
    if (!hasTorch(TESSERA_VENV_PYTHON))
        GTEST_SKIP() << kNoTorch;
    writeFamilies({"scored"});
    const models::StateDict expected = expectedOf("scored");
    ASSERT_GT(std::abs(meanOf(expected.at("exact")) - meanOf(expected.at("block"))), 1e-3) << "policies look alike";
    const std::unique_ptr<core::Renderer> renderer = openModel("scored");
    const CodeGrid codes = gridFrom(expected.at("tall.codes"));
    const core::RenderRequest request = greedyRequest(*renderer, "scored", "tall", codes);
    const core::RenderScore score = renderer->score(request, codes, {{}, {core::WindowPolicy::Kind::Block, 4}});
    for (const core::PolicyScore &judged : score.policies) {
        const std::string name = judged.window == core::WindowPolicy{} ? "exact" : "block";
        const at::Tensor wanted = expected.at(name).contiguous();
        const auto *values = wanted.data_ptr<float>();
        for (size_t i = 0; i < judged.logProbability.values.size(); ++i)
            ASSERT_NEAR(judged.logProbability.values[i], values[i], 2e-4) << name << ", code " << i;
    }
    expectScoresFromProgram(expected);
}

} // namespace

} // namespace tessera::tests
