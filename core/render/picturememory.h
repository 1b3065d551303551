// What is known of the pictures drawn last, so that drawing one again after an edit starts from it.
#pragma once

#include <cstdint>
#include <list>

#include "core/sampling/grid.h"
#include "core/sampling/knowncodes.h"

namespace tessera::core
{

// Pictures share noise, and so mostly codes, when canvas, seed and variation are equal, whatever else was changed. Of
// one model. One thread at a time.
class PictureMemory
{
public:
    static constexpr size_t kMost = 16; // pictures; the one used least lately goes

    // Of the canvas' size. Valid until kMost other pictures were asked for.
    KnownCodes &of(GridSize canvas, uint64_t seed, uint32_t variation);
    // Forgets all but the one asked for last.
    void keepLatest();
    // Another engine goes on, which may draw other codes: those known become guesses.
    void distrust();

private:
    struct Picture {
        uint64_t seed = 0;
        uint32_t variation = 0;
        KnownCodes codes;
    };

    std::list<Picture> m_pictures; // the one used last first
};

} // namespace tessera::core
