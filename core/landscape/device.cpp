#include "core/landscape/device.h"

#include "core/landscape/batchpainter.h"

#ifdef TESSERA_LANDSCAPE_CUDA
#include "core/landscape/cuda/cudapainter.h"
#endif

#include <utility>

namespace tessera::core
{

int generateLandscapesOnGpu(int gpu, std::uint32_t firstSeed, int count, int width, int height, int threads,
                            std::stop_token stop,
                            const std::function<void(std::uint32_t seed, Landscape &&picture)> &take, int lightings,
                            const std::function<void(const std::string &sentence)> &note)
{
    const LandscapeRun run{firstSeed, count, width, height, threads, lightings, std::move(stop), take, note};
    const auto makePainter = [&]() -> std::unique_ptr<BatchPainter> {
#ifdef TESSERA_LANDSCAPE_CUDA
        return makeCudaPainter(gpu, width, height, lightings);
#else
        static_cast<void>(gpu);
        throw PainterError("cannot make landscapes with this build, which had no CUDA compiler");
#endif
    };
    return generateBy(makePainter, run);
}

} // namespace tessera::core
