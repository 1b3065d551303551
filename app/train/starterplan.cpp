#include "app/train/starterplan.h"

#include <vector>

#include "models/error.h"
#include "models/training/recipe.h"
#include "models/training/recipechecks.h"
#include "models/training/recipefile.h"

namespace tessera::train
{

namespace
{

constexpr double kRoundingSlack = 1e-9;
constexpr int kMostSide = 8192; // of a shard's pictures

StarterPlan::Stage stageOf(models::Recipe &plan, const std::string &name)
{
    models::Recipe node = plan.child(name);
    StarterPlan::Stage stage{node.between<double>("share", 0.001, 1, 0), node.value<nlohmann::json>("recipe")};
    const models::Recipe recipe = node.child("recipe");
    node.finish();
    for (const char *key : {"minutes", "steps", "first_stage", "condition_stage", "depth_stage", "edges_stage"})
        if (recipe.has(key))
            throw Error(ErrorCode::InvalidArgument,
                        "'" + recipe.path() + "." + key + "' is set, but a plan's recipes get theirs from the run.");
    return stage;
}

StarterPlan::Data dataOf(models::Recipe node)
{
    StarterPlan::Data data;
    data.share = node.share("share", 0.15);
    data.width = node.between<int>("width", 16, kMostSide, 256);
    data.height = node.between<int>("height", 16, kMostSide, data.width);
    data.least = node.atLeast<int>("least", 1, 100);
    data.most = node.atLeast<int>("most", data.least, 20000);
    data.validation = node.atLeast<int>("validation", 1, 60);
    data.shard = node.atLeast<int>("shard", 1, 100);
    data.background = node.valueOr<bool>("background", false);
    data.canvases = node.atLeast<int>("canvases", 0, 0);
    data.canvasSide = node.between<int>("canvas_side", 16, kMostSide, 512);
    node.finish();
    return data;
}

models::Recipe recipeOf(const std::string &name, const StarterPlan::Stage &stage)
{
    return models::Recipe(stage.recipe, "plan." + name + ".recipe");
}

// What the transformer's recipe asks for must be what the plan makes.
void checkTransformer(const StarterPlan &plan)
{
    models::Recipe recipe = recipeOf("transformer", plan.transformer);
    models::Recipe tasks = recipe.child("tasks");
    for (const std::string kind : {"depth", "edges"}) {
        const bool asked = tasks.atLeast<double>(kind, 0, 0) > 0;
        if (plan.fields.contains(kind) != asked)
            tasks.refuse(kind,
                         asked ? "0, as the plan has no stage for it" : "more than 0, as the plan has a stage for it",
                         "0");
    }
    const auto folder = recipe.child("canvases").valueOr<std::string>("folder", "");
    if (folder != (plan.data.canvases > 0 ? kPlanCanvasFolder : ""))
        throw Error(ErrorCode::InvalidArgument, "The plan makes " + std::to_string(plan.data.canvases)
                                                    + " canvases, but 'plan.transformer.recipe.canvases.folder' is '"
                                                    + folder + "', expected '" + kPlanCanvasFolder
                                                    + "' where there are some, else none.");
}

models::ConditionConfig checkedCondition(const std::string &name, const std::string &kind,
                                         const StarterPlan::Stage &stage)
{
    const models::Recipe recipe = recipeOf(name, stage);
    models::ConditionConfig condition = models::checkCondition(recipe);
    if (models::conditionKindName(condition.kind) != kind)
        recipe.refuse("kind", kind, "missing");
    return condition;
}

} // namespace

void checkRecipes(const StarterPlan &plan)
{
    const models::AutoencoderConfig firstStage = models::checkVqgan(recipeOf("first_stage", plan.firstStage));
    std::vector<models::ConditionConfig> conditions{checkedCondition("condition", "labels", plan.condition)};
    for (const auto &[kind, stage] : plan.fields)
        conditions.push_back(checkedCondition(kind, kind, stage));
    const int64_t window = models::checkTransformer(recipeOf("transformer", plan.transformer), firstStage, conditions);
    if (plan.data.canvases > 0 && plan.data.canvasSide <= window)
        throw Error(ErrorCode::InvalidArgument, "'plan.data.canvas_side' is " + std::to_string(plan.data.canvasSide)
                                                    + ", expected more than the " + std::to_string(window)
                                                    + " pixels of the transformer's window.");
}

StarterPlan readStarterPlan(const std::filesystem::path &path)
{
    models::Recipe node(models::readRecipe(path), "plan");
    StarterPlan plan{dataOf(node.child("data")),
                     stageOf(node, "condition"),
                     stageOf(node, "first_stage"),
                     stageOf(node, "transformer"),
                     {}};
    for (const char *kind : {"depth", "edges"})
        if (node.has(kind))
            plan.fields[kind] = stageOf(node, kind);
    node.finish();
    double all = plan.data.share + plan.condition.share + plan.firstStage.share + plan.transformer.share;
    for (const auto &[kind, stage] : plan.fields)
        all += stage.share;
    if (all > 1 + kRoundingSlack)
        throw Error(ErrorCode::InvalidArgument,
                    "The shares of '" + path.string() + "' sum to " + std::to_string(all) + ", expected at most 1.");
    checkTransformer(plan);
    return plan;
}

} // namespace tessera::train
