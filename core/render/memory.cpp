#include "core/render/memory.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "core/render/systemmemory.h"
#include "models/autoencoder.h"

namespace tessera::core
{

namespace
{

constexpr uint64_t kFloatBytes = 4;
constexpr uint64_t kLiveMaps = 5;
constexpr std::array kTiles{64, 32, 16}; // sides in codes; the margin makes smaller ones cost more than they save
constexpr int kPreviewTile = 32;

// The widest map of a level for so many codes, with `margin` pixels of the level on each side.
uint64_t mapBytes(const models::AutoencoderConfig &config, size_t level, GridSize codes, int64_t margin)
{
    // An upsampling decoder brings the next level's channels to this level's size.
    const size_t next = std::min(level + 1, config.multipliers.size() - 1);
    const int64_t channels = config.width * std::max(config.multipliers[level], config.multipliers[next]);
    const int64_t scale = config.factor() / (config.patch << level); // pixels of the level for a code
    return kFloatBytes * uint64_t(channels * (codes.rows * scale + 2 * margin) * (codes.columns * scale + 2 * margin));
}

// The level up to which networks in tiles look at their maps as a whole (models/tileddecoder.cpp, tiledencoder.cpp).
size_t wholeLevel(const models::AutoencoderConfig &config)
{
    for (size_t level = 0; level + 1 < config.multipliers.size(); ++level)
        if (config.attends(level))
            return level;
    return config.multipliers.size() - 1;
}

// Of what looks at the canvas as a whole: attention holds queries, keys and values beside its input and output, and the
// scores that are computed at once; an encoder then holds as many distances to the codebook.
uint64_t wholePartBytes(const models::AutoencoderConfig &config, GridSize canvas)
{
    constexpr uint64_t kLiveWholeMaps = 7;
    uint64_t map = 0;
    for (size_t level = wholeLevel(config); level < config.multipliers.size(); ++level)
        map = std::max(map, mapBytes(config, level, canvas, 0));
    const auto cells = uint64_t(canvas.cells());
    const uint64_t scores = std::min(cells * std::max(cells, uint64_t(config.codes)), uint64_t(models::kMostScores));
    return kLiveWholeMaps * map + kFloatBytes * scores;
}

GridSize tileSize(GridSize canvas, int tile)
{
    return {std::min(tile, canvas.rows), std::min(tile, canvas.columns)};
}

template<typename TiledBytes>
int largestTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes, TiledBytes tiledBytes)
{
    if (activationBytes(config, canvas) <= bytes)
        return 0;
    const auto fits = [&](int tile) { return tiledBytes(config, canvas, tile) <= bytes; };
    const auto found = std::ranges::find_if(kTiles, fits);
    return found == kTiles.end() ? kTiles.back() : *found;
}

} // namespace

uint64_t activationBytes(const models::AutoencoderConfig &config, GridSize canvas)
{
    uint64_t widest = 0;
    for (size_t level = 0; level < config.multipliers.size(); ++level)
        widest = std::max(widest, mapBytes(config, level, canvas, 0));
    const uint64_t pixels = uint64_t(canvas.cells()) * uint64_t(config.factor() * config.factor());
    const uint64_t ends = 2 * pixels * uint64_t(std::max(config.inChannels, config.outChannels));
    return kLiveMaps * widest + kFloatBytes * ends;
}

uint64_t stageMemory(const models::Autoencoder &stage)
{
    return stage.codebook.is_cpu() ? availableMemory() : std::numeric_limits<uint64_t>::max();
}

uint64_t tiledDecodingBytes(const models::AutoencoderConfig &config, GridSize canvas, int tile)
{
    constexpr uint64_t kPictures = 3; // the picture, the one before, and one on its way to whoever looks at it
    const GridSize size = tileSize(canvas, tile);
    uint64_t widest = 0;
    int64_t margin = config.patch > 1 ? 2 : 1; // of the last convolutions, in pixels of the level
    for (size_t level = 0; level < wholeLevel(config); ++level) {
        margin += 2 * (config.resBlocks + 1);
        widest = std::max(widest, mapBytes(config, level, size, margin));
        margin = margin / 2 + 1;
    }
    const uint64_t pixels = uint64_t(canvas.cells()) * uint64_t(config.factor() * config.factor());
    return wholePartBytes(config, canvas) + kLiveMaps * widest + 3 * kPictures * pixels;
}

uint64_t tiledEncodingBytes(const models::AutoencoderConfig &config, GridSize canvas, int tile)
{
    const GridSize size = tileSize(canvas, tile);
    uint64_t widest = 0;
    int64_t margin = 0;
    for (size_t level = wholeLevel(config); level-- > 0;) {
        margin = 2 * margin + 1 + 2 * config.resBlocks;
        widest = std::max(widest, mapBytes(config, level, size, margin));
    }
    const int64_t edge = 2 * (margin + 1) * config.patch, factor = config.factor();
    const uint64_t input = uint64_t((size.rows * factor + edge) * (size.columns * factor + edge) * config.inChannels);
    return wholePartBytes(config, canvas) + kLiveMaps * widest + 2 * kFloatBytes * input;
}

uint64_t decodingBytes(const models::AutoencoderConfig &config, GridSize canvas)
{
    return std::min(activationBytes(config, canvas), tiledDecodingBytes(config, canvas, kTiles.back()));
}

uint64_t encodingBytes(const models::AutoencoderConfig &config, GridSize canvas)
{
    return std::min(activationBytes(config, canvas), tiledEncodingBytes(config, canvas, kTiles.back()));
}

int decodingTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes)
{
    return largestTile(config, canvas, bytes, tiledDecodingBytes);
}

int encodingTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes)
{
    return largestTile(config, canvas, bytes, tiledEncodingBytes);
}

bool hasSmallerTiles(const models::ModelConfig &config, GridSize canvas, uint64_t bytes)
{
    const auto reads = [&](const models::ConditionConfig &condition) {
        return condition.stage && encodingTile(*condition.stage, canvas, bytes) != kTiles.back();
    };
    return decodingTile(config.firstStage, canvas, bytes) != kTiles.back() || reads(config.condition)
           || std::ranges::any_of(config.otherConditions, reads);
}

int previewTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes)
{
    return tiledDecodingBytes(config, canvas, kPreviewTile) <= bytes ? kPreviewTile : kTiles.back();
}

// A window lives from the first row that draws from it to the last. Rows whose windows start at the same height share
// them, one for each place along the row where a window may start; windows of two heights never live at once for long.
int mostLiveWindows(int window, GridSize canvas, const WindowPolicy &policy)
{
    const int step = policy.kind == WindowPolicy::Kind::Block ? std::max(1, policy.step) : 1;
    return (canvas.columns - window + step - 1) / step + 1 + (canvas.rows > window ? 1 : 0);
}

uint64_t renderBytes(const models::ModelConfig &config, GridSize canvas, const WindowPolicy &policy, bool guided,
                     uint64_t cacheBytes)
{
    uint64_t activations = decodingBytes(config.firstStage, canvas);
    if (config.condition.stage)
        activations = std::max(activations, encodingBytes(*config.condition.stage, canvas));
    for (const models::ConditionConfig &other : config.otherConditions)
        activations = std::max(activations, encodingBytes(*other.stage, canvas));
    const int windows = mostLiveWindows(int(config.window), canvas, policy);
    return uint64_t(windows) * cacheBytes * (guided ? 2 : 1) + activations;
}

std::string bytesText(uint64_t bytes)
{
    char text[32];
    const double mebibytes = double(bytes) / (1 << 20);
    if (mebibytes >= 1024)
        std::snprintf(text, sizeof text, "%.1f GiB", mebibytes / 1024);
    else
        std::snprintf(text, sizeof text, "%.0f MiB", mebibytes);
    return text;
}

} // namespace tessera::core
