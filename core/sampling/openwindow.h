// One window of a plan while codes are drawn from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/sampling/engine.h"

namespace tessera::core
{

// What goes through the transformer side by side where a picture is guided: with the condition, and without it.
enum Stream { Conditional, Unconditional };

// Its caches, what was fed to them, and what is known ahead.
struct OpenWindow {
    std::shared_ptr<WindowCache> caches[2]; // by Stream; null: closed, or not guided
    std::vector<int64_t> prefixes[2];       // by Stream; vocabulary ids
    bool fresh = true;                      // the prefix has not gone through the transformer yet
    std::vector<int64_t> fed;               // the picture codes in the caches, or to be appended; guesses included
    int agreed = 0;                         // so many of them are drawn
    int firstAhead = 0;                     // position of the first row of `ahead`
    std::vector<float> ahead;               // guided logits [rows, picture codes], of positions up to fed.size()

    bool isOpen() const { return caches[Conditional] != nullptr; }
    // The row of `ahead` for a position, one value for each of the picture's `codes`; null where there is none.
    const float *rowAhead(int position, size_t codes) const;
    // Forgets the codes fed from `count` on, and all logits.
    void keep(int count);
    // What a stream's cache lacks of the prefix and the codes fed, as vocabulary ids. `first`: that of picture code 0.
    void lacking(Stream stream, int64_t first, std::vector<int64_t> &tokens) const;
};

} // namespace tessera::core
