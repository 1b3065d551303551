// What is wrong with a request, and with which part of it: whoever read that part from a file can name the file.
#pragma once

#include <string>

#include "models/error.h"

namespace tessera::core
{

enum class RequestPart {
    None, // a single value, which the sentence names, or parts that do not go together
    Canvas,
    Condition,
    Initial, // the picture or its codes
    Region,
};

class RequestError : public Error
{
public:
    RequestError(RequestPart part, const std::string &sentence)
        : Error(ErrorCode::InvalidArgument, sentence)
        , m_part(part)
    {}

    RequestPart part() const { return m_part; }

private:
    RequestPart m_part;
};

} // namespace tessera::core
