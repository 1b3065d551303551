// What a transformer's recipe says, checked against the stages whose codes it learns.
#pragma once

#include <string>
#include <vector>

#include "models/compression.h"
#include "models/config.h"
#include "models/training/optimizer.h"
#include "models/training/recipeparts.h"
#include "models/training/trainingbatch.h"

namespace tessera::models
{

struct TransformerSettings {
    // `conditions`: kind, label set, reach and stage; labels first. Reads all keys but the stages' files and ends the
    // recipe. Throws Error: InvalidArgument, and ModelMismatch for a configuration that does not fit together.
    TransformerSettings(Recipe &recipe, const AutoencoderConfig &firstStage,
                        const std::vector<ConditionConfig> &conditions);

    int64_t side() const { return config.window * config.firstStage.factor(); } // of a window, in pixels

    ModelConfig config;
    BatchSettings batches;
    Schedule schedule;
    OptimizerSettings optimizer;
    double dropout = 0, keep = 1, lastKeep = 1;
    int64_t viewsPerPicture = 0, mapsPerView = 0, fieldsPerView = 0;
    ViewSettings views;
    WeightFormat format = WeightFormat::Int8;
    std::string canvasFolder; // "": no canvases
    std::string start;        // "": fresh weights

private:
    void readConfig(Recipe &recipe, const AutoencoderConfig &firstStage,
                    const std::vector<ConditionConfig> &conditions);
    void readNetwork(Recipe network, int64_t vocabulary);
    // Returns the size of the vocabulary.
    int64_t layVocabulary(Recipe &recipe, const std::vector<ConditionConfig> &conditions);
    void readControls(Recipe &recipe, int64_t firstToken);
    void readTraining(Recipe &recipe);
    void readCanvases(Recipe canvases);
};

} // namespace tessera::models
