#include "core/render/decoding.h"

#include <algorithm>
#include <optional>

#include <ATen/ATen.h>

#include "core/render/condition.h"
#include "core/render/memory.h"
#include "core/render/pixels.h"

namespace tessera::core
{

namespace
{

constexpr uint8_t kGrey = 128;

// Vectors of the codes, the codebook's mean where there is none: [1, embedDim, h, w].
at::Tensor latentsOf(const models::Autoencoder &stage, const CodeGrid &codes)
{
    const at::Tensor indices = tensorOf(codes).to(stage.codebook.device());
    const at::Tensor latents = stage.lookup(indices.clamp_min(0));
    const at::Tensor missing = indices.lt(0);
    if (!missing.any().item<bool>())
        return latents;
    const at::Tensor mean = stage.codebook.mean(0).reshape({1, -1, 1, 1});
    return at::where(missing.unsqueeze(1), mean, latents);
}

Image emptyPicture(GridSize canvas, int factor, uint8_t value = 0)
{
    Image picture{canvas.columns * factor, canvas.rows * factor, {}};
    picture.rgb.assign(3 * size_t(picture.width) * size_t(picture.height), value);
    return picture;
}

void copyRows(const Image &from, Image &to, int x, int y)
{
    const int width = std::min(from.width, to.width - x), height = std::min(from.height, to.height - y);
    for (int row = 0; row < height; ++row)
        std::copy_n(&from.rgb[3 * size_t(row) * size_t(from.width)], 3 * width,
                    &to.rgb[3 * (size_t(y + row) * size_t(to.width) + size_t(x))]);
}

void putTile(Image &picture, const models::Area &cells, const at::Tensor &pixels, int factor)
{
    copyRows(pictureImage(pixels), picture, int(cells.columns.first) * factor, int(cells.rows.first) * factor);
}

bool rowsDiffer(const CodeGrid &one, const CodeGrid &other, int row)
{
    const auto first = std::ptrdiff_t(row) * one.size.columns, last = first + one.size.columns;
    return !std::equal(one.values.begin() + first, one.values.begin() + last, other.values.begin() + first);
}

// Rows down to the last that holds a code.
int knownRows(const CodeGrid &codes)
{
    const auto last =
        std::find_if(codes.values.rbegin(), codes.values.rend(), [](int64_t code) { return code != kNoCode; });
    const auto known = int(codes.values.rend() - last);
    return (known + codes.size.columns - 1) / codes.size.columns;
}

CodeGrid upperRows(const CodeGrid &codes, int rows)
{
    CodeGrid part({rows, codes.size.columns});
    std::copy_n(codes.values.begin(), part.values.size(), part.values.begin());
    return part;
}

} // namespace

DecodedPicture decodedPicture(const models::Autoencoder &stage, const CodeGrid &codes, uint64_t memory,
                              std::stop_token stop, const models::WantedFn &wanted)
{
    const int tile = decodingTile(stage.config, codes.size, memory), factor = int(stage.config.factor());
    if (tile == 0) {
        const at::Tensor pixels = stage.decodeLatents(latentsOf(stage, codes), stop);
        return pixels.defined() ? DecodedPicture{pictureImage(pixels)} : DecodedPicture{{}, false};
    }
    DecodedPicture decoded{emptyPicture(codes.size, factor)};
    const auto put = [&](const models::Area &cells, const at::Tensor &pixels) {
        putTile(decoded.picture, cells, pixels, factor);
    };
    const models::Tiling made =
        models::decodeInTiles(stage, latentsOf(stage, codes), tile, put, std::move(stop), wanted);
    if (made == models::Tiling::Partial)
        return {{}, false};
    decoded.complete = made == models::Tiling::Refined;
    return decoded;
}

PreviewDecoder::PreviewDecoder(const models::Autoencoder &stage, GridSize canvas)
    : m_stage(stage)
    , m_factor(int(stage.config.factor()))
    , m_reach(int(models::TiledDecoder::reach(stage)))
    , m_codes(canvas, kNoCode)
    , m_picture(emptyPicture(canvas, m_factor, kGrey))
{}

PreviewDecoder::PreviewDecoder(const models::Autoencoder &stage, const CodeGrid &codes, const Image &picture)
    : PreviewDecoder(stage, codes.size)
{
    m_codes = codes;
    copyRows(picture, m_picture, 0, 0);
}

PixelRect PreviewDecoder::update(const CodeGrid &codes, const std::stop_token &stop)
{
    int first = 0, last = codes.size.rows;
    while (first < last && !rowsDiffer(m_codes, codes, first))
        ++first;
    while (last > first && !rowsDiffer(m_codes, codes, last - 1))
        --last;
    if (first == last)
        return {};
    const int known = knownRows(codes);
    first = std::max(0, first - m_reach);
    last = std::min(known, last + m_reach);
    if (2 * (last - first) >= known) {
        first = 0;
        last = known;
    }
    if (decodeRows(codes, first, last, stop))
        m_codes = codes;
    return {0, first * m_factor, m_picture.width, (last - first) * m_factor};
}

// The canvas ends where knowledge ends: rows of nothing but missing codes would change the statistics of all others.
bool PreviewDecoder::decodeRows(const CodeGrid &codes, int first, int last, const std::stop_token &stop)
{
    const int known = knownRows(codes), tile = previewTile(m_stage.config, codes.size, stageMemory(m_stage));
    const auto wanted = [] { return false; }; // there is the preview before
    std::optional<models::TiledDecoder> decoder =
        models::TiledDecoder::unlessStopped(m_stage, latentsOf(m_stage, upperRows(codes, known)), stop, wanted);
    if (!decoder)
        return false;
    chooseStatistics(*decoder, known, tile);
    for (const models::Area &cells : models::tilesOf({{first, last}, {0, codes.size.columns}}, tile)) {
        if (stop.stop_requested())
            return false;
        putTile(m_picture, cells, decoder->decode(cells), m_factor);
    }
    return true;
}

// A sample costs as much as a tile; it is taken anew when a quarter more is known.
void PreviewDecoder::chooseStatistics(models::TiledDecoder &decoder, int known, int tile)
{
    if (m_sampledRows > 0 && 4 * known <= 5 * m_sampledRows) {
        decoder.chain().useStatistics(m_statistics);
        return;
    }
    decoder.sampleStatistics(tile);
    m_statistics = decoder.chain().statistics();
    m_sampledRows = known;
}

} // namespace tessera::core
