#include "ui/fakebackend.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <QStringList>

namespace tessera::ui
{

namespace
{

constexpr int kFactor = 16; // pixels per code and side
constexpr int kWindow = 16; // codes per side
constexpr uint8_t kUndrawn = 118;

// What a model of that name paints from.
void nameSource(core::ModelInfo &info, const std::string &name)
{
    static constexpr std::array kSources{"depth", "edges", "coordinates", "class", "nothing"};
    info.paintsFrom = "labels";
    info.labelSet = "landscape";
    if (std::find(kSources.begin(), kSources.end(), name) != kSources.end()) {
        info.paintsFrom = name;
        info.labelSet.clear();
    } else if (name == "cocostuff" || name == "ade20k") {
        info.labelSet = name;
    } else if (name == "stage") {
        info.paintsFrom.clear();
        info.labelSet.clear();
    } else if (name.find("several") != std::string::npos) {
        info.otherMaps = {"depth", "edges"};
    }
    info.conditionCount = name == "class" ? 1000 : info.paintsFrom == "labels" ? 25 : 0;
}

// Like the starter, but for what its name says; the others are like the published ones.
core::ModelInfo fakeInfo(const std::filesystem::path &model)
{
    core::ModelInfo info;
    info.path = model;
    info.name = "Scripted model";
    info.identity = "0123456789abcdef";
    info.factor = kFactor;
    info.window = kWindow;
    info.codes = 512;
    info.defaultTopK = 100;
    info.parameters = 12'000'000;
    info.weightBytes = 48'000'000;
    nameSource(info, model.stem().string());
    if (info.labelSet == "landscape") {
        info.controls = {{"light", {"any", "morning", "noon", "evening", "night"}},
                         {"biome", {"any", "alpine", "coast", "desert", "temperate"}},
                         {"weather", {"any", "clear", "cloudy", "fog"}}};
        info.guidance = true;
        info.windowPrices = {{4, 0.1}, {8, 0.3}};
        info.format = "safetensors";
    } else {
        info.format = "torch zip";
        info.notes = {{"configuration", (model.parent_path() / "configs" / "model.yaml").string()},
                      {"ignored keys", "model.params.ckpt_path; data.params.batch_size"}};
    }
    return info;
}

// What the request says of a pixel, as a number.
uint32_t valueAt(const core::RenderRequest &request, int x, int y)
{
    if (const auto *map = std::get_if<core::LabelMap>(&request.condition))
        return map->at(x * map->width / request.width, y * map->height / request.height);
    if (const auto *field = std::get_if<core::FieldMap>(&request.condition))
        return uint32_t(8 * (field->at(x * field->width / request.width, y * field->height / request.height) + 1));
    const auto *number = std::get_if<int64_t>(&request.condition);
    return uint32_t(number ? *number : 0) + uint32_t((x / 64 + y / 64) % 3);
}

// A flat colour per value and seed, with a little light from above.
void drawCode(core::Image &picture, const core::RenderRequest &request, core::Cell cell)
{
    for (int y = cell.row * kFactor; y < (cell.row + 1) * kFactor; ++y) {
        for (int x = cell.column * kFactor; x < (cell.column + 1) * kFactor; ++x) {
            const uint32_t mixed = (valueAt(request, x, y) + 1) * 2654435761u + uint32_t(request.seed) * 40503u;
            uint8_t *pixel = &picture.rgb[3 * (size_t(y) * size_t(picture.width) + size_t(x))];
            for (int channel = 0; channel < 3; ++channel)
                pixel[channel] =
                    uint8_t(60 + ((mixed >> (8 * channel)) & 127) + 40 * (picture.height - y) / picture.height);
        }
    }
}

core::PixelRect windowAround(core::Cell cell, core::GridSize grid)
{
    const core::Cell origin{std::clamp(cell.row - kWindow / 2, 0, std::max(0, grid.rows - kWindow)),
                            std::clamp(cell.column - kWindow / 2, 0, std::max(0, grid.columns - kWindow))};
    return {origin.column * kFactor, origin.row * kFactor, kWindow * kFactor, kWindow * kFactor};
}

void checkCanvas(const core::RenderRequest &request)
{
    if (request.width < kWindow * kFactor || request.height < kWindow * kFactor) {
        throw Error(ErrorCode::InvalidArgument, "The canvas is " + std::to_string(request.width) + " x "
                                                    + std::to_string(request.height)
                                                    + " pixels; the smallest that works is 256 x 256");
    }
}

} // namespace

LoadedModel FakeBackend::load(const std::filesystem::path &model, bool fast)
{
    if (m_script.loadError)
        throw *m_script.loadError;
    if (model.stem() == "missing")
        throw Error(ErrorCode::ModelNotFound, "There is no model at " + model.string());
    m_loaded = true;
    const core::ModelInfo info = fakeInfo(model);
    const std::string fastest = info.paintsFrom.empty() ? "fp32" : "int8";
    m_precision = fast ? fastest : "fp32";
    return {info, device(), m_precision, fastest};
}

core::RenderResult FakeBackend::render(const core::RenderRequest &request, std::stop_token stop,
                                       const core::RenderEvents &events)
{
    if (!m_loaded)
        throw Error(ErrorCode::ModelNotFound, "No model is loaded");
    if (m_script.onRequest)
        m_script.onRequest(request);
    checkCanvas(request);
    const core::GridSize grid{request.height / kFactor, request.width / kFactor};
    core::RenderResult result;
    result.codes = core::CodeGrid(grid, core::kNoCode);
    result.picture = {grid.columns * kFactor, grid.rows * kFactor, {}};
    result.picture.rgb.assign(size_t(3) * size_t(result.picture.width) * size_t(result.picture.height), kUndrawn);
    for (const core::Relief relief : m_script.reliefs) {
        if (relief == core::Relief::HalfPrecision)
            m_precision = "bf16";
        if (events.relieved)
            events.relieved(relief);
    }
    for (int code = 0; code < grid.cells() && !stop.stop_requested(); ++code) {
        if (m_script.beforeCode)
            m_script.beforeCode(code);
        if (m_script.renderError && code >= m_script.failAt)
            throw *m_script.renderError;
        std::this_thread::sleep_for(std::chrono::milliseconds(m_script.delayMs));
        const core::Cell cell{code / grid.columns, code % grid.columns};
        drawCode(result.picture, request, cell);
        result.codes.at(cell) = code % 512;
        const int done = code + 1;
        const double rate = m_script.delayMs > 0 ? 1000.0 / m_script.delayMs : 1000.0;
        if (events.progress)
            events.progress({done, grid.cells(), rate, (grid.cells() - done) / rate, windowAround(cell, grid)});
        if (events.preview && events.previewEvery > 0 && done % events.previewEvery == 0)
            events.preview({result.picture, {0, 0, result.picture.width, (cell.row + 1) * kFactor}, done});
        result.finished = done == grid.cells();
    }
    return result;
}

FakeScript fakeScriptFromText(const QString &text)
{
    FakeScript script;
    for (const QString &word : text.split(',', Qt::SkipEmptyParts)) {
        const QString key = word.section('=', 0, 0);
        const int value = word.section('=', 1).toInt();
        if (key == "delay") {
            script.delayMs = value;
        } else if (key == "fail") {
            script.failAt = value;
            script.renderError =
                Error(ErrorCode::Device, "The scripted device gave up at code " + std::to_string(value));
        } else if (key == "missing") {
            script.loadError =
                Error(ErrorCode::ModelNotFound, "There is no model at resources/starter/starter.safetensors");
        } else {
            throw Error(ErrorCode::InvalidArgument,
                        "--fake-renderer knows delay=MS, fail=CODE and missing, not '" + word.toStdString() + "'");
        }
    }
    return script;
}

} // namespace tessera::ui
