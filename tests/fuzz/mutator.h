// Changes inputs at random, with a fixed seed: equal seeds give equal inputs on every machine.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::fuzz
{

class Mutator
{
public:
    explicit Mutator(uint64_t seed) : m_random(seed) {}

    // One of `seeds` with up to eight changes, some of them pieces of another.
    std::string next(const std::vector<std::string> &seeds);

private:
    size_t below(size_t limit) { return limit == 0 ? 0 : size_t(m_random() % limit); }
    void changeOnce(std::string &bytes, const std::string &other);
    void writeNumber(std::string &bytes, size_t at);
    std::string_view word();

    std::mt19937_64 m_random;
};

} // namespace tessera::fuzz
