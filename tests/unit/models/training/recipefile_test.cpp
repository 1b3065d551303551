#include "models/training/recipefile.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{
namespace
{

using nlohmann::json;
using testing::HasSubstr;

class RecipeFileTest : public testing::Test
{
protected:
    void TearDown() override { std::filesystem::remove_all(m_folder); }

    std::filesystem::path write(const std::string &name, const std::string &text)
    {
        std::filesystem::create_directories(m_folder);
        std::ofstream(m_folder / name) << text;
        return m_folder / name;
    }

    std::string failure(const std::filesystem::path &path)
    {
        try {
            readRecipe(path);
        } catch (const Error &error) {
            return error.what();
        }
        return "no error";
    }

private:
    std::filesystem::path m_folder =
        std::filesystem::path(testing::TempDir()) / ("recipefile_test-" + std::to_string(::getpid()));
};

TEST_F(RecipeFileTest, ReadsJson)
{
    const json recipe = readRecipe(write("a.json", R"({"minutes": 2.5, "views": {"batch": 16}})"));
    EXPECT_EQ(recipe.at("minutes"), 2.5);
    EXPECT_EQ(recipe.at("views").at("batch"), 16);
}

TEST_F(RecipeFileTest, NamesWhatIsWrongWithAFile)
{
    EXPECT_THAT(failure("nowhere/r.yaml"), HasSubstr("nowhere/r.yaml"));
    EXPECT_THAT(failure(write("r.txt", "a: 1")), HasSubstr("expected .json, .yaml or .yml"));
    EXPECT_THAT(failure(write("r.json", "{\"a\": 1,\n\n \"b\": }")), HasSubstr("r.json', line 3"));
    EXPECT_THAT(failure(write("list.json", "[1]")), HasSubstr("array"));
}

TEST_F(RecipeFileTest, JsonIsNestedWithinReason)
{
    const auto nested = [](size_t levels) {
        return R"({"quoted \" [[": "]]",)"
               "\n"
               R"("a": )"
               + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_EQ(failure(write("flat.json", nested(60))), "no error");
    EXPECT_THAT(failure(write("deep.json", nested(1'000'000))),
                HasSubstr("deep.json', line 2: this is nested too deeply"));
    EXPECT_THAT(failure(write("huge.json", "{\"a\": 1e999}")), HasSubstr("huge.json': a number in it is too large"));
}

TEST_F(RecipeFileTest, ReadsTheStartersRecipes)
{
    const std::filesystem::path folder = std::filesystem::path("resources") / "recipes";
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
#ifdef TESSERA_HEADLESS
        if (entry.path().extension() != ".json") {
            continue;
        }
#endif
        EXPECT_TRUE(readRecipe(entry.path()).is_object()) << entry.path();
    }
}

#ifdef TESSERA_HEADLESS

TEST_F(RecipeFileTest, SaysThatYamlIsLeftOut)
{
    EXPECT_THAT(failure(write("r.yaml", "a: 1")), HasSubstr("headless"));
}

#else

TEST_F(RecipeFileTest, YamlScalarsFollowTheCoreRules)
{
    const json recipe = readRecipe(write("r.yaml", "int: 12\nminus: -3\nfloat: 6.0e-4\nrate: 1e-3\nyes: true\nno: no\n"
                                                   "quoted: '12'\nversion: 1.2.3\nnothing: ~\nempty:\nword: infinity\n"
                                                   "list: [1, 2.5, x]\nmap: {a: 1}\n"));
    EXPECT_EQ(recipe.at("int"), 12);
    EXPECT_TRUE(recipe.at("int").is_number_integer());
    EXPECT_EQ(recipe.at("minus"), -3);
    EXPECT_EQ(recipe.at("float"), 6.0e-4);
    EXPECT_EQ(recipe.at("rate"), 1e-3);
    EXPECT_EQ(recipe.at("yes"), true);
    EXPECT_EQ(recipe.at("no"), "no");
    EXPECT_EQ(recipe.at("quoted"), "12");
    EXPECT_EQ(recipe.at("version"), "1.2.3");
    EXPECT_TRUE(recipe.at("nothing").is_null());
    EXPECT_TRUE(recipe.at("empty").is_null());
    EXPECT_EQ(recipe.at("word"), "infinity");
    EXPECT_EQ(recipe.at("list"), json::parse(R"([1, 2.5, "x"])"));
    EXPECT_EQ(recipe.at("map").at("a"), 1);
}

TEST_F(RecipeFileTest, YamlErrorsNameTheLine)
{
    EXPECT_THAT(failure(write("twice.yaml", "a: 1\nb: 2\na: 3\n")), HasSubstr("line 3: 'a'"));
    EXPECT_THAT(failure(write("broken.yaml", "a: 1\nb: [1, 2\n")), HasSubstr("broken.yaml', line "));
    EXPECT_THAT(failure(write("key.yaml", "a: 1\n? [x, y]\n: 2\n")), HasSubstr("line 2"));
}

TEST_F(RecipeFileTest, AliasesCannotBlowUpARecipe)
{
    std::string text = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    for (char name = 'b'; name < 'j'; ++name) {
        const std::string last = std::string("*") + char(name - 1);
        text += std::string(1, name) + ": &" + name + " [" + last;
        for (int i = 0; i < 9; ++i) {
            text += ", " + last;
        }
        text += "]\n";
    }
    EXPECT_THAT(failure(write("bomb.yaml", text)), HasSubstr("too large"));
}

#endif

} // namespace
} // namespace tessera::models
