#include "core/render/relief.h"

#include <algorithm>
#include <array>

#include "core/render/translate.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

constexpr std::array kOrder{Relief::FreeMemory, Relief::HalfPrecision, Relief::Tiles, Relief::Cpu};

// The work's failure for want of memory. It is a copy: the exception itself, which may hold on to memory, is gone.
std::optional<Error> wantOfMemory(const std::function<void()> &work)
{
    try {
        translated("Rendering", work);
    } catch (const Error &error) {
        if (error.code() != ErrorCode::OutOfMemory)
            throw;
        return error;
    }
    return std::nullopt;
}

// These let the model go before they open it anew.
bool opensAnew(Relief relief)
{
    return relief == Relief::HalfPrecision || relief == Relief::Cpu;
}

// The first thing that was not yet given up and that helps. Where a relief failed while it opened the model there is
// nothing left to draw with, and only opening it elsewhere helps.
std::optional<Relief> nextOf(const ReliefChoices &choices, bool decoding, const std::vector<Relief> &taken,
                             std::optional<Relief> failed)
{
    const bool gone = failed && opensAnew(*failed);
    const auto found = std::ranges::find_if(kOrder, [&](Relief relief) {
        return (!gone || relief == Relief::Cpu) && choices.offer(relief, decoding)
               && std::ranges::find(taken, relief) == taken.end();
    });
    return found == kOrder.end() ? std::nullopt : std::optional(*found);
}

} // namespace

bool ReliefChoices::offer(Relief relief, bool decoding) const
{
    switch (relief) {
    case Relief::FreeMemory:
        return true;
    case Relief::HalfPrecision:
        return halfPrecision && !decoding;
    case Relief::Tiles:
        return tiles;
    case Relief::Cpu:
        return cpu;
    }
    return false;
}

std::vector<Relief> paintWithRelief(Relievable &render, const ReliefChoices &choices,
                                    const std::function<void(Relief)> &told)
{
    std::vector<Relief> taken;
    std::optional<Relief> due; // until it is done
    bool drawn = false;
    while (true) {
        const std::optional<Error> failure = wantOfMemory([&] {
            if (due)
                render.relieve(*due);
            due.reset();
            if (!drawn)
                render.draw();
            drawn = true;
            render.decode();
        });
        if (!failure)
            return taken;
        due = nextOf(choices, drawn, taken, due);
        if (!due)
            throw *failure;
        taken.push_back(*due);
        told(*due);
    }
}

std::string reliefText(Relief relief)
{
    switch (relief) {
    case Relief::FreeMemory:
        return "Memory ran out; what was kept for speed was dropped.";
    case Relief::HalfPrecision:
        return "Memory ran out; the transformer goes on in half precision.";
    case Relief::Tiles:
        return "Memory ran out; maps and pictures are worked on in tiles.";
    case Relief::Cpu:
        return "The GPU's memory does not suffice; the CPU goes on.";
    }
    return {};
}

} // namespace tessera::core
