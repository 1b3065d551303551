// Page-locked host memory, from and to which copies run beside the host, and its like on the device.
#pragma once

#include <algorithm>
#include <cstddef>

#include <ATen/ATen.h>

namespace tessera::core::cuda
{

// Bytes on host and device. Grows; what it held is lost then.
class PinnedBuffer
{
public:
    explicit PinnedBuffer(c10::Device device) : m_device(device) {}

    void reserve(size_t bytes)
    {
        if (m_host.defined() && size_t(m_host.numel()) >= bytes) {
            return;
        }
        const int64_t size = int64_t(std::max(bytes, 2 * (m_host.defined() ? size_t(m_host.numel()) : 0)));
        // Both or none: a caller may go on when memory ran out.
        const at::Tensor onDevice = at::empty({size}, at::TensorOptions(at::kByte).device(m_device));
        m_host = at::empty({size}, at::TensorOptions(at::kByte).pinned_memory(true));
        m_onDevice = onDevice;
    }

    template<typename T>
    T *host(size_t offset = 0)
    {
        return reinterpret_cast<T *>(m_host.mutable_data_ptr<uint8_t>() + offset);
    }

    template<typename T>
    T *device(size_t offset = 0)
    {
        return reinterpret_cast<T *>(m_onDevice.mutable_data_ptr<uint8_t>() + offset);
    }

    const at::Tensor &deviceBytes() const { return m_onDevice; }

    // Queued on the current stream.
    void upload(size_t bytes)
    {
        m_onDevice.narrow(0, 0, int64_t(bytes)).copy_(m_host.narrow(0, 0, int64_t(bytes)), true);
    }
    void download(size_t bytes)
    {
        m_host.narrow(0, 0, int64_t(bytes)).copy_(m_onDevice.narrow(0, 0, int64_t(bytes)), true);
    }

private:
    c10::Device m_device;
    at::Tensor m_host, m_onDevice;
};

} // namespace tessera::core::cuda
