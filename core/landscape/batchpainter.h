#pragma once

#include "core/landscape/landscape.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// How landscapes are made by something that paints many at a time, such as a GPU.
namespace tessera::core
{

// Why a painter cannot go on: the rest of a sentence that begins with "The GPU".
class PainterError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

// Paints scenes of one picture size by the batch; two batches may be under way at once. One thread. Throws
// PainterError.
class BatchPainter
{
public:
    struct Picture {
        const Scene *scene; // need not outlive begin()
        int land;           // the batch's first picture of the same land: its own index or a lower one
    };

    virtual ~BatchPainter() = default;

    // Most pictures of a batch.
    virtual int room() const = 0;
    // Begins a batch. REQUIRES: no more than one is under way, pictures.size() <= room().
    virtual void begin(const std::vector<Picture> &pictures) = 0;
    // Waits for the oldest batch under way and returns its pictures in order, without facts.
    virtual std::vector<Landscape> collect() = 0;
};

// How much two pictures of one size are alike.
struct Likeness {
    double labels = 0; // share of the pixels with the same object and material
    double color = 0;  // mean absolute difference of the colours, of 255

    // Whether two ways of computing the same picture may differ so much.
    bool isEnough() const { return labels >= .96 && color <= 4; }
};
Likeness likenessOf(const Landscape &a, const Landscape &b);

// What generateLandscapes() takes.
struct LandscapeRun {
    std::uint32_t firstSeed = 0;
    int count = 0;
    int width = 0;
    int height = 0;
    int threads = 1; // of the processor, which make scenes
    int lightings = 1;
    std::stop_token stop;
    const std::function<void(std::uint32_t seed, Landscape &&picture)> &take;
    const std::function<void(const std::string &sentence)> &note;
};

// Throws std::invalid_argument as generateLandscapes() does.
void checkRequest(int width, int height, int lightings);

using MakePainter = std::function<std::unique_ptr<BatchPainter>()>;

// generateLandscapes() by a painter, whose making may fail, too. The first picture is held against the processor's;
// where they differ too much, or the painter fails, `note` gets one sentence and the processor makes what is left.
int generateBy(const MakePainter &makePainter, const LandscapeRun &run);

} // namespace tessera::core
