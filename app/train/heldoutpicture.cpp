#include "app/train/heldoutpicture.h"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include "app/train/codegrid.h"
#include "models/error.h"
#include "models/training/onehot.h"

namespace tessera::train
{

namespace
{

int64_t tokenOf(const models::ControlConfig &control, const std::string &fact)
{
    const auto found = std::ranges::find(control.values, fact);
    return control.first + (found == control.values.end() ? 0 : found - control.values.begin());
}

} // namespace

void expectLabels(const models::ModelConfig &config, const std::filesystem::path &model)
{
    const models::ConditionConfig &condition = config.condition;
    if (!config.transformer || condition.kind != models::ConditionKind::Labels) {
        throw Error(ErrorCode::ModelMismatch,
                    model.string() + " does not paint from labels, which is what the pictures come with.");
    }
    const int64_t planes = condition.stage->inChannels;
    if (condition.labelSet != models::kMapLabelSet || planes != models::kMapLabels) {
        throw Error(ErrorCode::ModelMismatch,
                    model.string() + " paints from the label set '" + condition.labelSet + "' in "
                        + std::to_string(planes) + " planes; expected what the pictures come with, '"
                        + models::kMapLabelSet + "' in " + std::to_string(models::kMapLabels) + ".");
    }
}

void expectLabels(const models::ModelBundle &bundle)
{
    expectLabels(bundle.config(), bundle.path());
}

models::PictureSet heldOutPictures(const std::filesystem::path &folder)
{
    const std::filesystem::path below = folder / "val";
    return models::PictureSet(std::filesystem::is_directory(below) ? below : folder);
}

core::ScoreRequest heldOutPicture(const models::ModelBundle &bundle, const models::PictureSet &pictures, int64_t index,
                                  int64_t side)
{
    models::View view = pictures.wholeView(index);
    if (side == 0) {
        const int64_t factor = bundle.config().firstStage.factor();
        side = view.side / factor * factor;
        view.side = int(side);
    }
    const models::Autoencoder &stage = *bundle.conditionStage();
    const at::Tensor labels = pictures.exactLabels(view, side).unsqueeze(0);
    const at::Tensor rgb = pictures.rgb(view, side).unsqueeze(0).contiguous(at::MemoryFormat::ChannelsLast);
    core::ScoreRequest request;
    request.codes = codeGridOf(bundle.firstStage().encode(rgb));
    request.condition = codeGridOf(stage.encode(models::oneHot(labels, stage.config.inChannels)));
    for (const models::ControlConfig &control : bundle.config().controls) {
        request.controlTokens.push_back(tokenOf(control, pictures.fact(index, control.key)));
    }
    return request;
}

} // namespace tessera::train
