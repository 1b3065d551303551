// From codes to pictures.
#pragma once

#include <cstdint>
#include <stop_token>

#include "core/map/pixelrect.h"
#include "core/render/image.h"
#include "core/sampling/grid.h"
#include "models/tileddecoder.h"

namespace tessera::core
{

struct DecodedPicture {
    Image picture;
    // False: stopped. Of a whole canvas there is then no picture; in tiles there is where it is wanted, with colours
    // that are a little off.
    bool complete = true;
};

// kNoCode shows the mean of the codebook. The canvas is decoded as a whole where that fits `memory` bytes
// (stageMemory() as a rule), otherwise in the largest tiles that fit (models/tileddecoder.h). `stop` is looked at
// between tiles and between blocks. `wanted` is asked by stopped tiles: whether to make a picture all the same. Throws
// Error (ModelMismatch, NonFinite) as pictureImage.
DecodedPicture decodedPicture(
    const models::Autoencoder &stage, const CodeGrid &codes, uint64_t memory, std::stop_token stop = {},
    const models::WantedFn &wanted = [] { return true; });

// The picture of a canvas whose codes come bit by bit, for looking at: only rows that new codes can be seen in are
// decoded, and with the rows above and below them as far as they are known, so that a preview costs little however
// large the canvas is. Rows without any code are grey, missing codes in other rows show the mean of the codebook. One
// thread. The stage must outlive it.
class PreviewDecoder
{
public:
    PreviewDecoder(const models::Autoencoder &stage, GridSize canvas);
    // Starts from a picture and its codes. `picture` covers the canvas; what it has beyond whole codes is dropped.
    PreviewDecoder(const models::Autoencoder &stage, const CodeGrid &codes, const Image &picture);

    // Decodes what `codes`, of the canvas' size, have new. Returns where the picture may have changed: whole rows, all
    // known ones where that is no more than twice the work, none when no code is new. Everything else stays.
    // `stop` is looked at between tiles and between blocks: rows are then missing that the next call decodes.
    PixelRect update(const CodeGrid &codes, const std::stop_token &stop = {});

    const Image &picture() const { return m_picture; }

private:
    bool decodeRows(const CodeGrid &codes, int first, int last, const std::stop_token &stop);
    void chooseStatistics(models::TiledDecoder &decoder, int known, int tile);

    const models::Autoencoder &m_stage;
    int m_factor;
    int m_reach; // rows beyond its own in which a code is seen
    CodeGrid m_codes;
    Image m_picture;
    models::NormStatistics m_statistics;
    int m_sampledRows = 0; // of the canvas that m_statistics are of
};

} // namespace tessera::core
