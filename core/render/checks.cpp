#include "core/render/checks.h"

#include <algorithm>

#include "core/render/condition.h"
#include "core/render/labelplanes.h"
#include "core/render/modelinfo.h"
#include "core/render/regionedit.h"
#include "core/sampling/validation.h"

namespace tessera::core
{

namespace
{

using models::ConditionKind;
using models::ModelConfig;

[[noreturn]] void refuse(RequestPart part, const std::string &sentence)
{
    throw RequestError(part, sentence);
}

std::string pixels(int64_t width, int64_t height)
{
    return std::to_string(width) + " x " + std::to_string(height) + " pixels";
}

std::string listed(const std::vector<std::string> &names)
{
    std::string text;
    for (const std::string &name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

bool paintsOneWindow(const ModelConfig &config)
{
    return config.condition.kind == ConditionKind::Class || config.condition.kind == ConditionKind::None;
}

void checkCanvas(const ModelConfig &config, const RenderRequest &request)
{
    const int64_t factor = config.firstStage.factor(), least = config.window * factor;
    const std::string found = "The canvas is " + pixels(request.width, request.height);
    if (request.width > LabelMap::kMaxSidePixels || request.height > LabelMap::kMaxSidePixels)
        refuse(RequestPart::Canvas,
               found + "; no side may be longer than " + std::to_string(LabelMap::kMaxSidePixels) + " pixels.");
    if (request.width < least || request.height < least)
        refuse(RequestPart::Canvas, found
                                        + ", smaller than one window of this model; the smallest canvas that works is "
                                        + pixels(least, least) + ".");
    const bool oneWindow = request.width / factor == config.window && request.height / factor == config.window;
    if (config.permuter != models::PermuterKind::Identity && !oneWindow)
        refuse(RequestPart::Canvas, found + ", but this model writes the codes of a window in the order "
                                        + models::permuterKindName(config.permuter)
                                        + ", for which there are no sliding windows; expected one window, "
                                        + pixels(least, least) + ".");
    if (paintsOneWindow(config) && !oneWindow)
        refuse(RequestPart::Canvas, found + ", but a model that paints from "
                                        + models::conditionKindName(config.condition.kind)
                                        + " renders one window: " + pixels(least, least) + ".");
}

// What the request brings, in the words of conditionKindName.
std::string broughtCondition(const RenderRequest &request)
{
    static const char *const kNames[] = {"nothing", "labels", "a depth or edge map", "condition codes", "a class"};
    if (!request.mapKind.empty() && !std::holds_alternative<LabelMap>(request.condition))
        return "a map of " + request.mapKind;
    return kNames[request.condition.index()];
}

// No part is wrong in itself: another model takes it.
[[noreturn]] void refuseCondition(const ModelConfig &config, const RenderRequest &request)
{
    const ConditionKind kind = config.condition.kind;
    const bool takesNone = kind == ConditionKind::None || kind == ConditionKind::Coordinates;
    refuse(RequestPart::None, "This model paints from " + describedModel(config).sources()
                                  + (takesNone ? " alone and takes no condition" : "") + ", but was given "
                                  + broughtCondition(request) + ".");
}

void checkConditionCodes(const ModelConfig &config, const RenderRequest &request, const CodeGrid &codes)
{
    const std::optional<ConditionKind> kind = mapKindOf(config, request);
    if (paintsOneWindow(config) || !kind || kind == ConditionKind::Objects || kind == ConditionKind::Coordinates)
        refuseCondition(config, request);
    const GridSize canvas = canvasOf(config, request);
    if (!(codes.size == canvas))
        refuse(RequestPart::Condition, "The condition codes are " + std::to_string(codes.size.columns) + " wide and "
                                           + std::to_string(codes.size.rows) + " high; the canvas needs "
                                           + std::to_string(canvas.columns) + " by " + std::to_string(canvas.rows)
                                           + ".");
    checkCodes(RequestPart::Condition, "The condition code", codes, config.conditionOf(*kind)->tokens.count);
}

void checkClass(const ModelConfig &config, const RenderRequest &request, int64_t index)
{
    if (config.condition.kind != ConditionKind::Class)
        refuseCondition(config, request);
    if (index < 0 || index >= config.condition.tokens.count)
        refuse(RequestPart::None, "The class is " + std::to_string(index) + "; this model knows 0 to "
                                      + std::to_string(config.condition.tokens.count - 1) + ".");
}

void checkCondition(const ModelConfig &config, const RenderRequest &request)
{
    const std::optional<ConditionKind> kind = mapKindOf(config, request);
    if (const auto *map = std::get_if<LabelMap>(&request.condition)) {
        if (!kind)
            refuseCondition(config, request);
        checkLabels(config, *map);
    } else if (const auto *field = std::get_if<FieldMap>(&request.condition)) {
        if (kind != ConditionKind::Depth && kind != ConditionKind::Edges)
            refuseCondition(config, request);
        checkField(*field);
    } else if (const auto *codes = std::get_if<CodeGrid>(&request.condition)) {
        checkConditionCodes(config, request, *codes);
    } else if (const auto *index = std::get_if<int64_t>(&request.condition)) {
        checkClass(config, request, *index);
    } else if (config.condition.kind != ConditionKind::None && config.condition.kind != ConditionKind::Coordinates) {
        refuseCondition(config, request);
    }
}

const models::ControlConfig &knownControl(const ModelConfig &config, const std::string &key)
{
    const auto found = std::ranges::find(config.controls, key, &models::ControlConfig::key);
    if (found != config.controls.end() && found->source == models::ControlSource::Artist)
        return *found;
    if (config.controls.empty())
        refuse(RequestPart::None, "The control '" + key + "' is not known; this model has no controls.");
    if (found != config.controls.end())
        refuse(RequestPart::None, "The control '" + key + "' follows from the canvas and cannot be chosen.");
    std::vector<std::string> keys;
    for (const models::ControlConfig &control : config.controls)
        if (control.source == models::ControlSource::Artist)
            keys.push_back(control.key);
    refuse(RequestPart::None, "The control '" + key + "' is not known; this model has "
                                  + (keys.empty() ? "no controls" : listed(keys)) + ".");
}

void checkControls(const ModelConfig &config, const RenderRequest &request)
{
    for (const auto &[key, value] : request.controls) {
        const models::ControlConfig &control = knownControl(config, key);
        if (std::ranges::find(control.values, value) == control.values.end())
            refuse(RequestPart::None,
                   "The control '" + key + "' has no value '" + value + "'; it takes " + listed(control.values) + ".");
    }
}

// Numbers are judged by sampling itself, on a window's worth of nothing.
void checkNumbers(const ModelConfig &config, const RenderRequest &request)
{
    const int window = int(config.window);
    SampleRequest sample;
    sample.canvas = {window, window};
    for (const models::ControlConfig &control : config.controls)
        sample.controlTokens.push_back(control.first);
    sample.condition = CodeGrid(paintsOneWindow(config) ? GridSize{1, 1} : sample.canvas);
    sample.params.temperature = request.temperature;
    sample.params.topK = request.topK;
    sample.params.topP = request.topP;
    sample.params.guidance = request.guidance;
    try {
        checkSampleRequest(config, sample);
        planWindows(sample.canvas, window, request.window);
    } catch (const Error &error) {
        refuse(RequestPart::None, error.what());
    }
}

void checkCovers(const ModelConfig &config, const RenderRequest &request, RequestPart part, const std::string &what,
                 int width, int height)
{
    const int64_t factor = config.firstStage.factor();
    if (width / factor != request.width / factor || height / factor != request.height / factor)
        refuse(part, what + " is " + pixels(width, height) + ", but the canvas is "
                         + pixels(request.width, request.height) + "; both must have the same size.");
}

void checkInitialCodes(const ModelConfig &config, const RenderRequest &request, const CodeGrid &codes)
{
    if (!(codes.size == canvasOf(config, request)))
        refuse(RequestPart::Initial, "The initial picture's codes are " + std::to_string(codes.size.columns)
                                         + " wide and " + std::to_string(codes.size.rows)
                                         + " high, not of the canvas' size.");
    checkCodes(RequestPart::Initial, "The initial picture's code", codes, config.firstStage.drawnCodes());
}

void checkSomethingMayChange(const ModelConfig &config, const RenderRequest &request)
{
    const int factor = int(config.firstStage.factor());
    const Grid<uint8_t> locked = lockedCells(*request.region, canvasOf(config, request), factor);
    if (std::ranges::all_of(locked.values, [](uint8_t value) { return value != 0; }))
        refuse(RequestPart::Region, "The region is empty: no pixel of it within the canvas of "
                                        + pixels(locked.size.columns * factor, locked.size.rows * factor)
                                        + " is white, so nothing may change.");
}

void checkRegion(const ModelConfig &config, const RenderRequest &request)
{
    if (!request.initial && !request.region && !request.initialCodes)
        return;
    if (!request.initial)
        refuse(RequestPart::None, "A region to repaint needs the initial picture that it is part of.");
    if (!request.region)
        refuse(RequestPart::None, "An initial picture needs a region that says which part of it may change.");
    const Image &initial = *request.initial;
    const LabelMap &region = *request.region;
    checkPicture(config, initial);
    checkCovers(config, request, RequestPart::Initial, "The initial picture", initial.width, initial.height);
    checkCovers(config, request, RequestPart::Region, "The region", region.width, region.height);
    if (region.labels.size() != size_t(region.width) * size_t(region.height))
        refuse(RequestPart::Region, "The region is " + pixels(region.width, region.height) + " but holds "
                                        + std::to_string(region.labels.size()) + " values.");
    if (request.initialCodes)
        checkInitialCodes(config, request, *request.initialCodes);
    checkSomethingMayChange(config, request);
}

} // namespace

GridSize canvasOf(const ModelConfig &config, const RenderRequest &request)
{
    const int factor = int(config.firstStage.factor());
    return {request.height / factor, request.width / factor};
}

void checkRequest(const ModelConfig &config, const RenderRequest &request)
{
    if (!config.transformer)
        refuse(RequestPart::None,
               "This model is a first stage alone: it encodes and decodes pictures, but cannot paint one.");
    checkCanvas(config, request);
    checkCondition(config, request);
    checkControls(config, request);
    checkNumbers(config, request);
    checkRegion(config, request);
}

void checkLabels(const ModelConfig &config, const LabelMap &map)
{
    if (map.width < 1 || map.height < 1 || map.labels.size() != size_t(map.width) * size_t(map.height))
        refuse(RequestPart::Condition, "The label map is " + pixels(map.width, map.height) + " but holds "
                                           + std::to_string(map.labels.size()) + " labels.");
    const LabelPlanes planes =
        labelPlanes(config.condition.labelSet, config.condition.stage ? config.condition.stage->inChannels : 0);
    const auto beyond = std::ranges::find_if(map.labels, [&](uint8_t label) { return !planes.knows(label); });
    if (beyond == map.labels.end())
        return;
    const auto place = beyond - map.labels.begin();
    const std::string &set = config.condition.labelSet;
    refuse(RequestPart::Condition, "The map holds label " + std::to_string(*beyond) + " at pixel ("
                                       + std::to_string(place % map.width) + ", " + std::to_string(place / map.width)
                                       + "), but this model knows labels " + planes.text()
                                       + (set.empty() ? "" : " (label set '" + set + "')") + ".");
}

void checkField(const FieldMap &field)
{
    if (field.width < 1 || field.height < 1 || field.values.size() != size_t(field.width) * size_t(field.height))
        refuse(RequestPart::Condition, "The depth or edge map is " + pixels(field.width, field.height) + " but holds "
                                           + std::to_string(field.values.size()) + " values.");
    const auto beyond = std::ranges::find_if_not(field.values, [](float value) { return value >= -1 && value <= 1; });
    if (beyond != field.values.end())
        refuse(RequestPart::Condition, "The depth or edge map holds the value " + std::to_string(*beyond)
                                           + "; expected -1 to 1, the map scaled to its own lowest and highest value.");
}

void checkCodes(RequestPart part, const std::string &what, const CodeGrid &codes, int64_t count)
{
    if (codes.size.rows < 1 || codes.size.columns < 1 || codes.values.size() != size_t(codes.size.cells()))
        refuse(part, what + "s form a grid of " + std::to_string(codes.size.rows) + " rows and "
                         + std::to_string(codes.size.columns) + " columns with " + std::to_string(codes.values.size())
                         + " values; expected at least one code and one value for each.");
    const auto wrong = std::ranges::find_if(codes.values, [&](int64_t code) { return code < 0 || code >= count; });
    if (wrong == codes.values.end())
        return;
    const auto place = wrong - codes.values.begin();
    refuse(part, what + " in row " + std::to_string(place / codes.size.columns) + ", column "
                     + std::to_string(place % codes.size.columns) + " is " + std::to_string(*wrong) + "; expected 0 to "
                     + std::to_string(count - 1) + ".");
}

void checkWholeCode(RequestPart part, const std::string &what, int width, int height, int64_t factor)
{
    if (width < factor || height < factor)
        refuse(part, what + " is " + pixels(width, height) + "; one code of this model covers " + pixels(factor, factor)
                         + ".");
}

void checkPicture(const ModelConfig &config, const Image &picture)
{
    checkWholeCode(RequestPart::Initial, "The picture", picture.width, picture.height, config.firstStage.factor());
    if (picture.rgb.size() != 3 * size_t(picture.width) * size_t(picture.height))
        refuse(RequestPart::Initial, "The picture is " + pixels(picture.width, picture.height) + " but holds "
                                         + std::to_string(picture.rgb.size()) + " bytes; expected three a pixel.");
}

} // namespace tessera::core
