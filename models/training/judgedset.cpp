#include "models/training/judgedset.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/labelscores.h"
#include "models/training/mapaugment.h"
#include "models/training/rankcorrelation.h"

namespace tessera::models
{

namespace
{

double meanOverPictures(double (*correlation)(const at::Tensor &, const at::Tensor &),
                        const std::vector<at::Tensor> &given, const std::vector<at::Tensor> &seen)
{
    TORCH_CHECK(seen.size() == given.size(), seen.size(), " pictures for ", given.size(), " fields of depth");
    double sum = 0;
    for (size_t i = 0; i < given.size(); ++i)
        sum += correlation(given[i], seen[i]);
    return given.empty() ? 0 : sum / double(given.size());
}

} // namespace

JudgedSet judged(const EvalNet &net, const std::vector<at::Tensor> &pictures)
{
    const c10::NoGradGuard noGradients;
    const int64_t side = net.config.side;
    JudgedSet set;
    std::vector<at::Tensor> features;
    for (const at::Tensor &picture : pictures) {
        at::Tensor x = picture.unsqueeze(0).to(net.device());
        if (x.size(2) != side || x.size(3) != side)
            x = at::_upsample_bilinear2d_aa(x, {side, side}, false);
        const Judgement judgement = net.forward(x);
        features.push_back(judgement.features.cpu());
        set.labels.push_back(judgement.labels.argmax(1).squeeze(0).cpu());
        if (judgement.depth.defined()) // all that is sky is equally far
            set.depth.push_back(judgement.depth.clamp_min(0).reshape({side / kJudgedScale, side / kJudgedScale}).cpu());
        set.lights.push_back(judgement.light.argmax().item<int64_t>());
    }
    if (!features.empty())
        set.features = at::cat(features);
    return set;
}

at::Tensor judgedLabels(const PictureSet &pictures, const View &view, int64_t side)
{
    return labelsOfCells(pictures.exactLabels(view, side), kJudgedScale, kMapLabels);
}

at::Tensor imagenetFeatures(const ImagenetFeatures &net, const std::vector<at::Tensor> &pictures)
{
    const c10::NoGradGuard noGradients;
    std::vector<at::Tensor> features;
    for (const at::Tensor &picture : pictures)
        features.push_back(net.features(picture.unsqueeze(0).to(net.device())).cpu());
    return at::cat(features);
}

double lightAccuracy(const JudgedSet &set, const std::vector<int64_t> &asked)
{
    TORCH_CHECK(set.lights.size() == asked.size(), set.lights.size(), " pictures for ", asked.size(), " lights");
    int64_t known = 0, right = 0;
    for (size_t i = 0; i < asked.size(); ++i) {
        known += asked[i] != kNotJudged;
        right += asked[i] == set.lights[i];
    }
    return known == 0 ? 0 : double(right) / double(known);
}

double labelIou(const JudgedSet &set, const std::vector<at::Tensor> &meant)
{
    TORCH_CHECK(set.labels.size() == meant.size(), set.labels.size(), " pictures for ", meant.size(), " maps");
    LabelScores scores(kMapLabels);
    for (size_t i = 0; i < meant.size(); ++i) {
        const at::Tensor &seen = set.labels[i];
        const int64_t cell = seen.size(0) / meant[i].size(0);
        scores.add(meant[i], cell > 1 ? labelsOfCells(seen, cell, kMapLabels) : seen);
    }
    return scores.meanIou();
}

double depthCorrelation(const JudgedSet &set, const std::vector<at::Tensor> &given)
{
    return meanOverPictures(rankCorrelation, given, set.depth);
}

double depthCorrelationInRows(const JudgedSet &set, const std::vector<at::Tensor> &given)
{
    return meanOverPictures(rankCorrelationInRows, given, set.depth);
}

} // namespace tessera::models
