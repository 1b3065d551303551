// From a request to a picture: condition, sample, decode. One blocking call with stop token and events.
// No LibTorch, no Qt in this header: ui and the command line include it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "core/map/pixelrect.h"
#include "core/render/image.h"
#include "core/render/systemmemory.h"
#include "core/sampling/grid.h"
#include "core/sampling/policyscore.h"
#include "core/sampling/windowplan.h"

namespace tessera::core
{

// What a model is and needs, as plain values for menus, messages and `inspect`.
struct ModelInfo {
    std::filesystem::path path;
    std::string name;
    std::string identity;   // 16 hex digits
    std::string paintsFrom; // "labels", "depth", "edges", "coordinates", "class", "nothing"; "" for a first stage alone
    std::vector<std::string> otherMaps; // "depth", "edges": maps that it paints from as well
    std::string labelSet;               // Labels only
    int factor = 16;                    // pixels per code and side
    int window = 16;                    // codes per side of the attention window
    int codes = 0;                      // codebook size
    struct Control {
        std::string key;
        std::vector<std::string> values; // values[0] is "any"
        bool guided = false;             // guidance weighs it as it weighs the map
    };
    std::vector<Control> controls; // the artist's; others follow from the canvas
    bool seesKept = false; // in region editing the whole picture that stays counts, not what is drawn before alone
    bool guidance = false; // trained for it
    double defaultTemperature = 1.0;
    int64_t defaultTopK = 0;
    double defaultTopP = 1.0;
    double defaultGuidance = 1.0;
    std::map<int, double> windowPrices; // percent by block's step, for automaticWindow; empty: not measured
    uint64_t parameters = 0;
    uint64_t weightBytes = 0; // in memory
    int conditionCount = 0;   // Labels: how many its condition stage tells apart; Class: how many classes; else 0
    std::string format;       // of the file: "safetensors", "torch zip", "torch legacy"
    // What the file and its reader have to say beside: "ignored keys", "assumed", "configuration", training figures.
    std::map<std::string, std::string> notes;

    bool takes(const std::string &kind) const
    {
        return paintsFrom == kind || std::find(otherMaps.begin(), otherMaps.end(), kind) != otherMaps.end();
    }
    // For sentences: "labels", "labels, depth or edges".
    std::string sources() const;
    // Throws Error (InvalidArgument) that says what it takes instead, the first where it does not take the kind.
    void expectTakes(const std::string &kind) const;
    [[noreturn]] void refuse(const std::string &kind) const;
};

// By the model's own figures, for a canvas in pixels (core/sampling/windowplan.h).
inline WindowPolicy automaticWindow(const ModelInfo &model, int width, int height)
{
    return automaticWindow({height / model.factor, width / model.factor}, model.window, model.windowPrices);
}

// Everything about a picture that an artist decides. Equal requests to one model on one device, in one precision and
// with one number of threads give equal pictures, bit for bit on one machine.
struct RenderRequest {
    std::string modelIdentity; // informative; "" means whatever model renders
    int width = 0;             // canvas in pixels; rounded down to whole codes
    int height = 0;
    // monostate: unconditional or coordinates. A map of another size is scaled to the canvas, labels by nearest pixel.
    // FieldMap: depth or edges in [-1, 1] (normalizedField). CodeGrid: condition codes made before, of the canvas'
    // size. int64_t: a class.
    std::variant<std::monostate, LabelMap, FieldMap, CodeGrid, int64_t> condition;
    // What a field or codes were made from, as ModelInfo::paintsFrom has it, with a model that takes several kinds of
    // map; "": what it paints from first. A LabelMap is one of labels whatever stands here.
    std::string mapKind;
    std::map<std::string, std::string> controls; // key -> value; missing keys mean "any"
    uint64_t seed = 0;
    uint32_t variation = 0;
    double temperature = 1.0;
    int64_t topK = 0;
    double topP = 1.0;
    double guidance = 1.0;
    bool greedy = false;
    WindowPolicy window;
    // Region editing: codes whose block of pixels holds a non-zero pixel of `region` may change; all others are those
    // of `initial`, and pixels outside the blend band (kBlendBandPixels around the blocks of changed codes) are taken
    // from it bit for bit. Both have the canvas' size; what they have beyond whole codes is dropped.
    std::optional<Image> initial;
    std::optional<LabelMap> region;
    // The codes of `initial` where they are known, from the render that made it; otherwise the picture is encoded, and
    // encoding a picture gives not quite the codes it was decoded from.
    std::optional<CodeGrid> initialCodes;
    bool operator==(const RenderRequest &) const = default;
};

// Seconds. `sample` runs from the first condition code known to the last picture code known, previews included; `total`
// is the whole of render(). How long opening the model took says Renderer::loadSeconds.
struct RenderTimes {
    double condition = 0, sample = 0, decode = 0, total = 0;
};

struct RenderProgress {
    int codesDone = 0;
    int codesTotal = 0;
    double codesPerSecond = 0;
    double secondsLeft = 0; // estimate; 0 while there is no code
    PixelRect windowRect;   // the attention window of the latest code, or of the first; pixels
};

// A picture of the codes drawn so far. Only rows in which codes drawn since the preview before can be seen are decoded
// anew, which makes it differ a little from the final picture. Rows without any code yet are grey, missing codes in
// others show the mean of the codebook; in region editing both show the initial picture.
struct RenderPreview {
    Image picture;
    PixelRect changed; // outside it is the preview before, bit for bit
    int codesDone = 0;
};

// What a render gives up, one thing a failure, to go on when memory runs out.
enum class Relief {
    FreeMemory,    // what is kept for speed
    HalfPrecision, // on a GPU: the transformer goes on in bf16, for this and later renders
    Tiles,         // maps and pictures go through encoders and decoder in the smallest tiles
    Cpu,           // in place of a GPU, for this and later renders
};

// A sentence for people.
std::string reliefText(Relief relief);

struct RenderEvents {
    // Before the first code and behind it, then at most about 30 times a second, and at the end.
    std::function<void(const RenderProgress &)> progress;
    std::function<void(const RenderPreview &)> preview;
    int previewEvery = 0; // codes between previews; 0: none
    // Memory ran out. Where drawing failed it begins again, and progress with it; codes that were all drawn stay.
    std::function<void(Relief)> relieved;
    // Asked by a stopped render: whether it is to decode what it has. Where not, it returns at once, with an empty
    // picture.
    std::function<bool()> decodeStopped = [] { return true; };
};

struct RenderResult {
    Image picture;
    CodeGrid codes;
    CodeGrid conditionCodes;    // what the transformer was conditioned on; one cell for Class and None models
    Grid<float> logProbability; // nats, of the drawn codes
    Grid<float> entropy;        // nats
    int drawn = 0;              // codes; fewer than all where a region keeps some
    int64_t passes = 0;         // over the transformer's weights; far fewer than codes where a picture is drawn again
    double natsPerCode = 0;     // mean -log p over the drawn codes
    RenderTimes times;
    bool finished = false;       // false: stopped; the picture shows what was drawn, as a preview would
    std::vector<Relief> reliefs; // what was given up because memory ran out
};

// What a model thinks of given codes, each judged from the window that would draw it.
struct RenderScore {
    std::vector<PolicyScore> policies; // one for each window policy asked for
    RenderTimes times;                 // `sample` is the judging
    bool finished = false;             // false: stopped
};

struct RendererOptions {
    std::string device = "auto"; // auto, cpu, cuda, cuda:N
    // auto, fp32, bf16, fp16, int8, where what a device does not offer is refused; fast: fastPrecision() of the model
    std::string precision = "auto";
    int threads = 0; // 0: as many as LibTorch chooses, all cores
    // Bytes of main memory that are free, by which models and requests are checked.
    std::function<uint64_t()> freeMemory = [] { return availableMemory(); };
};

// A model in memory with everything that runs it. Remembers what it drew last, so that drawing again after an edit,
// with another seed or of other variations takes less time; results are those of a fresh one. One thread at a time.
class Renderer
{
public:
    // Throws Error: ModelNotFound, FileFormat, ModelMismatch, InvalidArgument, Device, OutOfMemory.
    explicit Renderer(const std::filesystem::path &model, const RendererOptions &options = {});
    ~Renderer();
    Renderer(const Renderer &) = delete;
    Renderer &operator=(const Renderer &) = delete;

    const ModelInfo &info() const;
    // "cpu", "cuda:0"; "fp32". A render that runs out of memory may change them.
    const std::string &device() const;
    const std::string &precision() const;
    // The fastest that the device offers this model; "fp32" where there is none faster.
    std::string fastPrecision() const;
    double loadSeconds() const;

    // A request of this model's defaults with the canvas and condition left open.
    RenderRequest defaultRequest() const;

    // What a written picture carries so that it can be made again (core/render/recordjson.h). REQUIRES: this renderer
    // made the result from the request, in which its variation stands.
    std::string record(const RenderRequest &request, const RenderResult &result) const;

    // Checks a request without running it: throws RequestError (core/render/requesterror.h) or Error (OutOfMemory)
    // naming the value, what was found and what is expected (smallest canvas, label set, control values, ...).
    void check(const RenderRequest &request) const;

    // Blocking. A stopped render returns `finished` false with what it has. Calls the events on this thread. Throws
    // Error (OutOfMemory) only where giving up what Relief names did not help.
    RenderResult render(const RenderRequest &request, std::stop_token stop = {}, const RenderEvents &events = {});

    // Variations 0 .. count - 1 of a request, each as render() makes it alone. On the CPU they are drawn together where
    // their caches fit the free memory, which reads the weights once for all and takes far less time; previews are made
    // one by one. `events.progress` counts all of their codes. A stop returns those that there are, the last ones not
    // finished.
    std::vector<RenderResult> renderVariations(const RenderRequest &request, int count, std::stop_token stop = {},
                                               const RenderEvents &events = {});

    // Judges `codes` under the request's condition, controls and guidance by each of `windows`, at least one; what
    // several of them draw from is computed once, and `exact` draws from all that others do. Nothing else of the request
    // matters but the canvas, which must be that of the codes: they are judged as drawn anew, whatever region there is.
    // Blocking. `progress` counts the codes of all policies and names no window.
    RenderScore score(const RenderRequest &request, const CodeGrid &codes,
                      const std::vector<WindowPolicy> &windows = {{}}, std::stop_token stop = {},
                      const std::function<void(const RenderProgress &)> &progress = {});

    // The first stage alone. Right and bottom pixels beyond whole codes have no code; a published encoder sees them, as
    // the original's, ours does not.
    CodeGrid encode(const Image &picture);
    Image decode(const CodeGrid &codes);
    CodeGrid encodeCondition(const LabelMap &map);
    CodeGrid encodeCondition(const FieldMap &field, const std::string &mapKind = "");

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

// Reads no weights. Throws Error.
ModelInfo inspectModel(const std::filesystem::path &model);

} // namespace tessera::core
