// Orders in which a transformer writes the codes of a window (Esser et al. 2021, sec. 4 and appendix: all published
// models write row by row). Plain C++.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tessera::models
{

enum class PermuterKind { Identity, Subsample, ZCurve, SpiralOut, SpiralIn, Random, AlternateParsing };

std::string permuterKindName(PermuterKind kind); // the original's class: "SpiralOut"
std::optional<PermuterKind> permuterKindFrom(const std::string &name);

// order[t] is the place, counted row by row, of the code that is written t-th. Identity and AlternateParsing work for
// all grids, Random for all with at most 2^31 codes, Subsample and ZCurve for squares of a power of two, the spirals
// for even squares. Throws Error (InvalidArgument) for other grids.
std::vector<int64_t> permuterOrder(PermuterKind kind, int64_t rows, int64_t columns);

// At which step each place is written: inverse[order[t]] == t.
std::vector<int64_t> inverseOrder(const std::vector<int64_t> &order);

} // namespace tessera::models
