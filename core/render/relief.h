// What a render gives up when memory runs out: one thing a failure, the cheapest first, until it fits or nothing is
// left.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/render/render.h"

namespace tessera::core
{

// What device, model and canvas leave to give up.
struct ReliefChoices {
    bool halfPrecision = false; // of the transformer
    bool tiles = false;         // of the first stage and of those that read maps
    bool cpu = false;           // in place of a GPU

    // Whether giving this up helps the step that failed; freeing memory always may.
    bool offer(Relief relief, bool decoding) const;
};

// A render in the steps that can be done again.
class Relievable
{
public:
    virtual ~Relievable() = default;
    virtual void draw() = 0;   // all codes, from what is known of them
    virtual void decode() = 0; // the codes drawn
    virtual void relieve(Relief relief) = 0;
};

// Draws and decodes. Where Error (OutOfMemory) comes out of a step, it gives up the next thing that is left and does
// that step again; codes once drawn are not drawn again. `told` is called before each. Where opening the model in half
// precision fails, the CPU is next, for the model is gone; where opening it there fails, nothing is left. Returns what
// was given up. Throws what the steps throw, OutOfMemory when nothing is left.
std::vector<Relief> paintWithRelief(Relievable &render, const ReliefChoices &choices,
                                    const std::function<void(Relief)> &told);

} // namespace tessera::core
