// What a Renderer holds. For core/render/renderer*.cpp alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/render/picturememory.h"
#include "core/render/relief.h"
#include "core/render/render.h"
#include "core/render/renderjob.h"
#include "core/render/translate.h"
#include "core/sampling/engine.h"
#include "core/sampling/prefixstore.h"
#include "models/bundle.h"

namespace tessera::core
{

// A canvas in words: "512 x 256 pixels".
inline std::string pixels(GridSize canvas, int factor)
{
    return std::to_string(canvas.columns * factor) + " x " + std::to_string(canvas.rows * factor) + " pixels";
}

struct Renderer::Private {
    RendererOptions options;
    std::filesystem::path path;
    std::string modelFile; // as records name it
    std::string device;
    std::string precision;
    ModelInfo info;
    std::optional<models::TransformerConfig> shape; // none for a first stage alone
    std::optional<models::ModelBundle> bundle;
    std::unique_ptr<TransformerEngine> engine; // none for a first stage alone
    std::optional<PrefixStore> prefixes;       // with an engine
    PictureMemory pictures;
    double loadSeconds = 0;

    // Runs work that needs the networks: on the wanted number of threads, without gradients, errors in our words.
    template<typename Work>
    auto run(const std::string &doing, Work work) const
    {
        decltype(work()) result;
        translated(doing, [&] {
            const c10::InferenceMode inference;
            if (options.threads > 0)
                at::set_num_threads(options.threads); // per calling thread, so each call says it again
            result = work();
        });
        return result;
    }

    void open();
    // Lets everything go first. Where that fails, the renderer is of no use any more, and says so.
    void openOn(const std::string &otherDevice, const std::string &otherPrecision);
    std::string fastPrecision() const;
    void checkOpen() const;
    void makeEngine();
    void dropWhatIsKept();
    ReliefChoices reliefChoices(GridSize canvas) const;
    class Painting;
    // How many variations to draw together; 1 where that brings nothing or does not fit the free memory.
    int together(const RenderRequest &request, int wanted) const;
    std::vector<RenderResult> jointly(const RenderRequest &request, uint32_t first, int count,
                                      const std::stop_token &stop, const RenderEvents &events);
    RenderJob jobFor(const RenderRequest &request, std::stop_token stop, const RenderEvents &events);
    // What is kept for speed makes room for so many bytes where they are not free, and does not grow into them.
    void makeRoom(uint64_t bytes);
    uint64_t bytesFor(const RenderRequest &request, GridSize canvas) const;
    void checkMemory(const RenderRequest &request) const;
    // `needed` bytes for a picture of so many codes.
    void checkStageMemory(const models::AutoencoderConfig &config, GridSize codes, uint64_t needed) const;
    void checkEncodingMemory(const models::AutoencoderConfig &config, GridSize codes) const
    {
        checkStageMemory(config, codes, encodingBytes(config, codes));
    }
    GridSize largestCanvas(const RenderRequest &request, uint64_t bytes) const;
    // The stage that reads maps of this kind, "labels" and so on.
    const models::Autoencoder &conditionStage(const std::string &kind) const;
};

} // namespace tessera::core
