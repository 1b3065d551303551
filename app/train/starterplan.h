// The plan of a whole starter: what data is made, what is trained in which order, and each part's share of the time.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace tessera::train
{

struct StarterPlan {
    struct Data {
        double share = 0; // of the minutes, before the first network begins
        int width = 0, height = 0;
        int least = 0;           // training pictures that are waited for even when the share is used up
        int most = 0;            // training pictures at which it ends
        int validation = 0;      // pictures to judge by
        int shard = 0;           // pictures a file
        bool background = false; // goes on while networks learn; each network begins with what there is by then
        int canvases = 0;        // larger pictures, of several windows, made beside; 0: none
        int canvasSide = 0;      // pixels
    };
    struct Stage {
        double share = 0;      // of the minutes
        nlohmann::json recipe; // without minutes and without the files of the other stages
    };

    Data data;
    Stage condition, firstStage, transformer;
    std::map<std::string, Stage> fields; // condition stages for "depth" and "edges", where the plan has them
};

// Where canvases lie, as the transformer's recipe names it.
inline constexpr const char *kPlanCanvasFolder = "large";

// A .yaml or .json file. Throws Error (FileRead, FileFormat, InvalidArgument) naming key, found and expected. Of the
// recipes only what the plan itself needs is looked at.
StarterPlan readStarterPlan(const std::filesystem::path &path);

// Has every trainer check its recipe, each with the stages that the others make, so that none is refused after hours.
// Opens what recipes start from. Throws Error as the trainers do (models/training/recipechecks.h).
void checkRecipes(const StarterPlan &plan);

} // namespace tessera::train
