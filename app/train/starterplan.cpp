#include "app/train/starterplan.h"

#include "models/error.h"
#include "models/training/recipe.h"
#include "models/training/recipefile.h"

namespace tessera::train
{

namespace
{

constexpr double kRoundingSlack = 1e-9;

StarterPlan::Stage stageOf(models::Recipe &plan, const std::string &name)
{
    models::Recipe node = plan.child(name);
    StarterPlan::Stage stage{node.atLeast<double>("share", 0.001, 0), node.value<nlohmann::json>("recipe")};
    node.finish();
    for (const char *key : {"minutes", "steps", "first_stage", "condition_stage", "depth_stage", "edges_stage"})
        if (stage.recipe.contains(key))
            throw Error(ErrorCode::InvalidArgument,
                        "'plan." + name + ".recipe." + key + "' is set, but a plan's recipes get theirs from the run.");
    return stage;
}

StarterPlan::Data dataOf(models::Recipe node)
{
    StarterPlan::Data data;
    data.share = node.atLeast<double>("share", 0, 0.15);
    data.width = node.atLeast<int>("width", 16, 256);
    data.height = node.atLeast<int>("height", 16, data.width);
    data.least = node.atLeast<int>("least", 1, 100);
    data.most = node.atLeast<int>("most", data.least, 20000);
    data.validation = node.atLeast<int>("validation", 1, 60);
    data.shard = node.atLeast<int>("shard", 1, 100);
    data.background = node.valueOr<bool>("background", false);
    data.canvases = node.atLeast<int>("canvases", 0, 0);
    data.canvasSide = node.atLeast<int>("canvas_side", 16, 512);
    node.finish();
    return data;
}

// What the transformer's recipe asks for must be what the plan makes.
void checkTransformer(const StarterPlan &plan)
{
    const nlohmann::json &recipe = plan.transformer.recipe;
    const nlohmann::json tasks = recipe.value("tasks", nlohmann::json::object());
    for (const std::string kind : {"depth", "edges"})
        if (plan.fields.contains(kind) != (tasks.value(kind, 0.0) > 0))
            throw Error(ErrorCode::InvalidArgument,
                        "The plan " + std::string(plan.fields.contains(kind) ? "has a" : "has no") + " stage for "
                            + kind + ", but 'plan.transformer.recipe.tasks." + kind + "' is "
                            + nlohmann::json(tasks.value(kind, 0.0)).dump() + ".");
    const std::string folder = recipe.value("canvases", nlohmann::json::object()).value("folder", "");
    if (folder != (plan.data.canvases > 0 ? kPlanCanvasFolder : ""))
        throw Error(ErrorCode::InvalidArgument, "The plan makes " + std::to_string(plan.data.canvases)
                                                    + " canvases, but 'plan.transformer.recipe.canvases.folder' is '"
                                                    + folder + "', expected '" + kPlanCanvasFolder
                                                    + "' where there are some, else none.");
}

} // namespace

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
