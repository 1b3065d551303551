// Runs a fuzzing target where there is no libFuzzer: every file of a corpus, then mutations of them.
//
//   fuzz-zip [-runs=N] [-seed=S] FOLDER...
//
// Meant for builds with sanitizers. An input that ends the program is left in the working folder as crash-input.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/targets.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace
{

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string current; // the input that runs

// The process is broken when this is called: system calls alone.
void keepCurrent()
{
    const int file = ::open("crash-input", O_CREAT | O_WRONLY | O_TRUNC, 0644);
    const ssize_t written = ::write(file, current.data(), current.size());
    const char said[] = "the input was kept in crash-input\n";
    if (::write(STDERR_FILENO, said, written < 0 ? 0 : sizeof said - 1) < 0)
        ::_exit(1);
}

void onSignal(int signal)
{
    keepCurrent();
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

void keepInputOfCrashes()
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(keepCurrent);
#endif
    for (const int signal : {SIGABRT, SIGILL, SIGTRAP})
        std::signal(signal, onSignal);
}

std::vector<std::string> readCorpus(const std::vector<std::string> &folders)
{
    std::vector<fs::path> paths;
    for (const std::string &folder : folders)
        for (const fs::directory_entry &entry : fs::directory_iterator(folder))
            paths.push_back(entry.path());
    std::ranges::sort(paths); // a folder's own order differs from machine to machine
    std::vector<std::string> inputs;
    for (const fs::path &path : paths) {
        std::ifstream file(path, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

double runOnce(std::string input)
{
    current = std::move(input);
    const Clock::time_point start = Clock::now();
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(current.data()), current.size());
    return std::chrono::duration<double>(Clock::now() - start).count();
}

long peakMebibytes()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

} // namespace

int main(int argc, char **argv)
{
    uint64_t runs = 0, seed = 1;
    std::vector<std::string> folders;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument.starts_with("-runs="))
            runs = std::strtoull(argv[i] + 6, nullptr, 10);
        else if (argument.starts_with("-seed="))
            seed = std::strtoull(argv[i] + 6, nullptr, 10);
        else
            folders.push_back(argument);
    }
    const std::vector<std::string> corpus = readCorpus(folders);
    if (corpus.empty()) {
        std::fprintf(stderr, "usage: %s [-runs=N] [-seed=S] FOLDER...; expected at least one file of a corpus\n",
                     argv[0]);
        return 2;
    }
    keepInputOfCrashes();
    const Clock::time_point start = Clock::now();
    double slowest = 0;
    for (const std::string &input : corpus)
        slowest = std::max(slowest, runOnce(input));
    const long before = peakMebibytes();
    tessera::fuzz::Mutator mutator(seed);
    for (uint64_t run = 0; run < runs; ++run)
        slowest = std::max(slowest, runOnce(mutator.next(corpus)));
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf(
        "%zu files and %llu mutations (seed %llu) in %.0f s; slowest %.3f s; peak %ld MiB, %ld before mutations\n",
        corpus.size(), static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed), seconds, slowest,
        peakMebibytes(), before);
    return 0;
}
