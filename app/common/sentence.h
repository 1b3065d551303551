// Sentences for people.
#pragma once

#include <string>

namespace tessera::app
{

// Errors may come with the full stop or without.
inline std::string withoutFullStop(std::string sentence)
{
    if (sentence.ends_with('.'))
        sentence.pop_back();
    return sentence;
}

inline std::string withFullStop(std::string sentence)
{
    if (!sentence.ends_with('.'))
        sentence += '.';
    return sentence;
}

} // namespace tessera::app
