// How fast this machine paints: sampling, decoding, making data.
#pragma once

#include <stop_token>
#include <string>

namespace tessera::train
{

struct BenchmarkOptions {
    std::string filter; // regular expression over names; empty: all
    int threads = 0;    // 0: as many as LibTorch takes
    bool json = false;
};

// A table (or JSON) on stdout. The starter's benchmarks are left out, with a line on stderr, where there is
// no starter. Throws Error (InvalidArgument) when nothing matches the filter or the program was built without
// the benchmark library.
void runBenchmarks(const BenchmarkOptions &options, std::stop_token stop);

} // namespace tessera::train
