#pragma once

#include <string>

namespace tessera::app
{

// "auto", "cpu", "cuda" or "cuda:N". Whether there is such a device is another question.
inline bool isDeviceName(const std::string &text)
{
    const std::string prefix = "cuda:";
    if (text.starts_with(prefix))
        return text.size() > prefix.size() && text.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    return text == "auto" || text == "cpu" || text == "cuda";
}

} // namespace tessera::app
