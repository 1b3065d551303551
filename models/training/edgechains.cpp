#include "models/training/edgechains.h"

#include <algorithm>

namespace tessera::models
{

namespace
{

// The pixels of the chain that `start` belongs to, which are taken out of `lines`.
void takeChain(std::vector<uint8_t> &lines, int width, int height, int start, std::vector<int> &chain)
{
    chain.assign(1, start);
    lines[size_t(start)] = 0;
    for (size_t next = 0; next < chain.size(); ++next) {
        const int x = chain[next] % width, y = chain[next] / width;
        for (int ny = std::max(0, y - 1); ny <= std::min(height - 1, y + 1); ++ny) {
            for (int nx = std::max(0, x - 1); nx <= std::min(width - 1, x + 1); ++nx) {
                const int neighbour = ny * width + nx;
                if (lines[size_t(neighbour)] != 0) {
                    lines[size_t(neighbour)] = 0;
                    chain.push_back(neighbour);
                }
            }
        }
    }
}

} // namespace

void eraseChains(std::vector<uint8_t> &lines, int width, int height, MapRandom &random, double shortest,
                 double probability)
{
    std::vector<uint8_t> kept(lines.size(), 0);
    std::vector<int> chain;
    for (int pixel = 0; pixel < width * height; ++pixel) {
        if (lines[size_t(pixel)] == 0)
            continue;
        takeChain(lines, width, height, pixel, chain);
        if (double(chain.size()) < shortest || random.chance(probability))
            continue;
        for (const int place : chain)
            kept[size_t(place)] = 1;
    }
    lines = std::move(kept);
}

std::vector<uint8_t> thickened(const std::vector<uint8_t> &lines, int width, int height, int thickness)
{
    std::vector<uint8_t> result(lines.size(), 0);
    const int before = (thickness - 1) / 2, after = thickness / 2;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            if (lines[size_t(y * width + x)] == 0)
                continue;
            const int left = std::max(0, x - before), right = std::min(width - 1, x + after);
            for (int row = std::max(0, y - before); row <= std::min(height - 1, y + after); ++row)
                std::fill_n(&result[size_t(row * width + left)], right - left + 1, uint8_t(1));
        }
    }
    return result;
}

} // namespace tessera::models
