// The one exception that models, core and the programs throw for what goes wrong in the world: files, devices,
// impossible requests. Programming mistakes are assertions (TORCH_CHECK), cancelling is not an error.
#pragma once

#include <stdexcept>
#include <string>

namespace tessera
{

enum class ErrorCode {
    InvalidArgument, // a request that can never work: sizes, ranges, names
    ModelNotFound,   // no model at that path
    ModelMismatch,   // the file is a model, but its tensors or configuration are not what was expected
    FileFormat,      // a file's content is not what it should be
    FileRead,        // the file cannot be read
    FileWrite,       // the file cannot be written; nothing was changed
    OutOfMemory,     // main memory or device memory does not suffice
    Device,          // the device failed or is not there
    NonFinite,       // a network produced NaN or infinity
};

// The message is one plain sentence that names the file or value, what was found and what was expected.
class Error : public std::runtime_error
{
public:
    Error(ErrorCode code, const std::string &message) : std::runtime_error(message), m_code(code) {}

    ErrorCode code() const { return m_code; }

private:
    ErrorCode m_code;
};

} // namespace tessera
