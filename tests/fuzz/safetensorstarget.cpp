// Safetensors files: refused with an error about the file, or tensors that fill it from the header to the end.
#include <ATen/ATen.h>
#include <sys/mman.h>
#include <unistd.h>

#include "models/error.h"
#include "models/safetensors.h"
#include "tests/fuzz/targets.h"

namespace
{

using namespace tessera;
using namespace tessera::models;

// A file in memory: the reader takes paths alone.
class MemoryFile
{
public:
    MemoryFile() : m_descriptor(::memfd_create("input", MFD_CLOEXEC)) { fuzz::require(m_descriptor >= 0); }

    std::string write(const uint8_t *data, size_t size) const
    {
        fuzz::require(::ftruncate(m_descriptor, off_t(size)) == 0);
        fuzz::require(::pwrite(m_descriptor, data, size, 0) == ssize_t(size));
        return "/proc/self/fd/" + std::to_string(m_descriptor);
    }

private:
    int m_descriptor;
};

void checkTensors(const SafetensorsIndex &index, uint64_t fileBytes)
{
    uint64_t bytes = 0;
    for (const auto &[name, tensor] : readSafetensors(index)) {
        fuzz::require(tensor.sizes() == at::IntArrayRef(index.entries.at(name).shape));
        bytes += tensor.nbytes();
    }
    fuzz::require(bytes <= fileBytes);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const MemoryFile file;
    try {
        checkTensors(readSafetensorsIndex(file.write(data, size)), size);
    } catch (const Error &error) {
        fuzz::require(error.code() == ErrorCode::FileFormat);
    }
    return 0;
}
