#include "core/landscape/cuda/cudapainter.h"

#include "core/landscape/cuda/landscapekernels.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <cuda_runtime_api.h>

namespace tessera::core
{

namespace
{

static_assert(std::is_trivially_copyable_v<Scene>, "scenes go to the GPU byte by byte");

constexpr std::size_t kBatchPixels = std::size_t(1) << 22; // enough to keep a large GPU busy
constexpr std::size_t kMostPixels = std::size_t(1) << 30;  // of the kernels

void require(cudaError_t error, const char *what)
{
    if (error == cudaSuccess)
        return;
    cudaGetLastError(); // or whoever asks next would get this one
    throw PainterError(std::string(what) + ": " + cudaGetErrorString(error));
}

struct FreeOnDevice {
    void operator()(void *memory) const { cudaFree(memory); }
};
struct FreeOnHost {
    void operator()(void *memory) const { cudaFreeHost(memory); }
};
struct DestroyStream {
    void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
};
struct DestroyEvent {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};

template<class T>
using DeviceArray = std::unique_ptr<T[], FreeOnDevice>;
template<class T>
using PinnedArray = std::unique_ptr<T[], FreeOnHost>; // page-locked, for copies beside other work
using Stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, DestroyStream>;
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, DestroyEvent>;

template<class T>
DeviceArray<T> onDevice(std::size_t count)
{
    void *memory = nullptr;
    require(cudaMalloc(&memory, count * sizeof(T)), "has no memory for a batch of landscapes");
    return DeviceArray<T>(static_cast<T *>(memory));
}

template<class T>
PinnedArray<T> pinned(std::size_t count)
{
    void *memory = nullptr;
    require(cudaMallocHost(&memory, count * sizeof(T)), "finds no page-locked memory for a batch of landscapes");
    return PinnedArray<T>(static_cast<T *>(memory));
}

// Pictures on the host's side: scenes on their way to the GPU, planes on their way back.
struct Transfer {
    Transfer(std::size_t mostPictures, std::size_t pixels)
        : scenes(pinned<Scene>(mostPictures))
        , lands(pinned<std::int32_t>(mostPictures))
        , rgb(pinned<std::uint8_t>(3 * pixels))
        , object(pinned<std::uint8_t>(pixels))
        , material(pinned<std::uint8_t>(pixels))
        , depth(pinned<std::uint16_t>(pixels))
    {
        cudaEvent_t event = nullptr;
        require(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cannot be waited for");
        arrived.reset(event);
    }

    PinnedArray<Scene> scenes;
    PinnedArray<std::int32_t> lands;
    PinnedArray<std::uint8_t> rgb, object, material;
    PinnedArray<std::uint16_t> depth;
    Event arrived;
    int pictures = 0;
};

class CudaPainter final : public BatchPainter
{
public:
    CudaPainter(int gpu, int width, int height, int lightings)
        : m_gpu(gpu)
        , m_width(width)
        , m_height(height)
        , m_room(roomFor(pixels(), lightings))
    {
        use();
        if (cuda::sceneBytes() != sizeof(Scene))
            throw PainterError("sees scenes of " + std::to_string(cuda::sceneBytes()) + " bytes instead of "
                               + std::to_string(sizeof(Scene)));
        cudaStream_t stream = nullptr;
        require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "has no stream for landscapes");
        m_stream.reset(stream);
        allocate();
    }

    ~CudaPainter() override { cudaStreamSynchronize(m_stream.get()); } // before memory that it still writes to goes

    CudaPainter(const CudaPainter &) = delete;
    CudaPainter &operator=(const CudaPainter &) = delete;

    int room() const override { return m_room; }

    void begin(const std::vector<Picture> &pictures) override
    {
        use();
        Transfer &transfer = *m_transfers[m_begun++ % 2];
        transfer.pictures = static_cast<int>(pictures.size());
        for (std::size_t i = 0; i < pictures.size(); ++i) {
            std::memcpy(&transfer.scenes[i], pictures[i].scene, sizeof(Scene));
            transfer.lands[i] = pictures[i].land;
        }
        upload(transfer);
        cuda::LandscapeBatch batch = m_batch;
        batch.pictures = transfer.pictures;
        cudaGetLastError(); // what others left
        cuda::paintLandscapes(batch, m_stream.get());
        require(cudaGetLastError(), "cannot begin to paint landscapes");
        download(transfer);
        require(cudaEventRecord(transfer.arrived.get(), m_stream.get()), "cannot be waited for");
    }

    std::vector<Landscape> collect() override
    {
        use();
        const Transfer &transfer = *m_transfers[m_collected++ % 2];
        require(cudaEventSynchronize(transfer.arrived.get()), "failed while it painted landscapes");
        std::vector<Landscape> pictures;
        for (int i = 0; i < transfer.pictures; ++i)
            pictures.push_back(pictureOf(transfer, static_cast<std::size_t>(i)));
        return pictures;
    }

private:
    static int roomFor(std::size_t pixels, int lightings)
    {
        const auto lands = std::max<std::size_t>(1, kBatchPixels / (pixels * static_cast<std::size_t>(lightings)));
        const std::size_t pictures = std::min<std::size_t>(lands, 1024) * static_cast<std::size_t>(lightings);
        if (pictures * pixels >= kMostPixels)
            throw PainterError("cannot paint landscapes of " + std::to_string(pictures * pixels)
                               + " pixels at once, only fewer than " + std::to_string(kMostPixels));
        return static_cast<int>(pictures);
    }

    std::size_t pixels() const { return static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height); }

    // The choice of a GPU belongs to a thread, which may have made another one since.
    void use() const { require(cudaSetDevice(m_gpu), "cannot be used"); }

    void allocate()
    {
        const auto pictures = static_cast<std::size_t>(m_room);
        const std::size_t all = pictures * pixels();
        m_scenes = onDevice<Scene>(pictures);
        m_lands = onDevice<std::int32_t>(pictures);
        m_floats = onDevice<float>(7 * all);
        m_bytes = onDevice<std::uint8_t>(5 * all);
        m_depth = onDevice<std::uint16_t>(all);
        m_edges = onDevice<std::uint32_t>(all + 1);
        m_exposures = onDevice<std::uint8_t>(pictures * cuda::kExposureBytes);
        m_batch = {m_room,
                   m_width,
                   m_height,
                   m_scenes.get(),
                   m_lands.get(),
                   m_floats.get(),
                   m_floats.get() + all,
                   m_floats.get() + 4 * all,
                   m_bytes.get(),
                   m_bytes.get() + all,
                   m_depth.get(),
                   m_bytes.get() + 2 * all,
                   m_edges.get() + 1,
                   m_edges.get(),
                   m_exposures.get()};
        for (auto &transfer : m_transfers)
            transfer = std::make_unique<Transfer>(pictures, all);
    }

    template<class T>
    void copy(T *to, const T *from, std::size_t count, cudaMemcpyKind kind) const
    {
        require(cudaMemcpyAsync(to, from, count * sizeof(T), kind, m_stream.get()), "cannot copy landscapes");
    }

    void upload(const Transfer &transfer) const
    {
        const auto pictures = static_cast<std::size_t>(transfer.pictures);
        copy(m_scenes.get(), transfer.scenes.get(), pictures, cudaMemcpyHostToDevice);
        copy(m_lands.get(), transfer.lands.get(), pictures, cudaMemcpyHostToDevice);
    }

    void download(const Transfer &transfer) const
    {
        const std::size_t all = static_cast<std::size_t>(transfer.pictures) * pixels();
        copy(transfer.rgb.get(), m_batch.rgb, 3 * all, cudaMemcpyDeviceToHost);
        copy(transfer.object.get(), m_batch.object, all, cudaMemcpyDeviceToHost);
        copy(transfer.material.get(), m_batch.material, all, cudaMemcpyDeviceToHost);
        copy(transfer.depth.get(), m_batch.depth, all, cudaMemcpyDeviceToHost);
    }

    Landscape pictureOf(const Transfer &transfer, std::size_t i) const
    {
        const auto part = [&](const auto &all, std::size_t values) {
            const auto *first = all.get() + i * values;
            return std::vector(first, first + values);
        };
        Landscape picture;
        picture.width = m_width;
        picture.height = m_height;
        picture.rgb = part(transfer.rgb, 3 * pixels());
        picture.object = part(transfer.object, pixels());
        picture.material = part(transfer.material, pixels());
        picture.depth = part(transfer.depth, pixels());
        return picture;
    }

    const int m_gpu;
    const int m_width;
    const int m_height;
    const int m_room;
    Stream m_stream;
    DeviceArray<Scene> m_scenes;
    DeviceArray<std::int32_t> m_lands;
    DeviceArray<float> m_floats;
    DeviceArray<std::uint8_t> m_bytes;
    DeviceArray<std::uint16_t> m_depth;
    DeviceArray<std::uint32_t> m_edges;
    DeviceArray<std::uint8_t> m_exposures;
    cuda::LandscapeBatch m_batch = {};
    std::unique_ptr<Transfer> m_transfers[2]; // batches take turns
    unsigned m_begun = 0;
    unsigned m_collected = 0;
};

} // namespace

std::unique_ptr<BatchPainter> makeCudaPainter(int gpu, int width, int height, int lightings)
{
    return std::make_unique<CudaPainter>(gpu, width, height, lightings);
}

} // namespace tessera::core
