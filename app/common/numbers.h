// Numbers on the command line, checked before CLI11 reads them, which takes 010 for eight, 2^64 for the number before
// it and "nan" for a number above 0.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/common/threadlimit.h"

namespace tessera::app
{

inline constexpr uint64_t kMostInt = std::numeric_limits<int>::max();
inline constexpr uint64_t kMostInt64 = std::numeric_limits<int64_t>::max();

// For Option::transform: decimal and never clamped, and the text becomes the plain number.
inline CLI::Validator wholeNumber(uint64_t least, uint64_t most)
{
    const std::string form = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    return {[=](std::string &text) {
                uint64_t number = 0;
                const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
                if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
                    return "'" + text + "' was found, expected " + form;
                text = std::to_string(number);
                return std::string();
            },
            {}};
}

// For Option::check: a finite number, within bounds that `form` tells.
inline CLI::Validator number(const std::string &form, std::function<bool(double)> fits)
{
    return {[=, fits = std::move(fits)](std::string &text) {
                double number = 0;
                const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
                const bool whole = error == std::errc{} && end == text.data() + text.size();
                return whole && std::isfinite(number) && fits(number) ? std::string()
                                                                      : "'" + text + "' was found, expected " + form;
            },
            {}};
}

inline CLI::Validator numberAboveZero()
{
    return number("a number above 0", [](double value) { return value > 0; });
}

} // namespace tessera::app
