#include "core/sampling/cpu/kernels.h"

#ifdef TESSERA_X86_KERNELS
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace tessera::core::cpu
{

namespace
{

#ifdef TESSERA_X86_KERNELS

bool hasAvx2()
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool hasAvx512()
{
    return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
           && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

// CPUID leaf 7, sub-leaf 1, EAX bit 4; the compiler's own test does not know it before GCC 13. That the system saves
// the registers is part of the test for AVX2.
bool hasAvxVnni()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    return hasAvx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

// CPUID leaf 7, EDX bits 24 (tiles) and 25 (int8). Tiles are so much to save that Linux gives them only to processes
// that ask, for all their threads, present and future (from 5.16 on; before, it refuses).
bool hasAmx()
{
#ifdef __linux__
    constexpr int kAskForPermission = 0x1023; // ARCH_REQ_XCOMP_PERM
    constexpr int kTileData = 18;
    constexpr unsigned kTilesAndInt8 = 3U << 24;
    unsigned a = 0, b = 0, c = 0, d = 0;
    return hasAvx512() && __builtin_cpu_supports("avx512vnni") && __get_cpuid_count(7, 0, &a, &b, &c, &d)
           && (d & kTilesAndInt8) == kTilesAndInt8 && syscall(SYS_arch_prctl, kAskForPermission, kTileData) == 0;
#else
    return false;
#endif
}

// The int8 product of AVX-512 needs VNNI, which the first processors with AVX-512 lack.
Kernels avx512Choice()
{
    Kernels kernels = avx512Kernels();
    if (!__builtin_cpu_supports("avx512vnni")) {
        kernels.int8Panel = avx2Kernels().int8Panel;
        kernels.int8Widens = true;
    }
    return kernels;
}

Kernels amxChoice()
{
    Kernels kernels = avx512Kernels();
    kernels.name = "amx";
    kernels.int8Panel = amxInt8Panel;
    kernels.int8Tiles = true;
    return kernels;
}

Kernels avxVnniChoice()
{
    Kernels kernels = avx2Kernels();
    kernels.name = "avxvnni";
    kernels.int8Panel = avxVnniInt8Panel;
    kernels.int8Widens = false;
    return kernels;
}

#endif

std::vector<Kernels> foundKernels()
{
    std::vector<Kernels> found;
#ifdef TESSERA_X86_KERNELS
    if (hasAmx())
        found.push_back(amxChoice());
    if (hasAvx512())
        found.push_back(avx512Choice());
    if (hasAvxVnni())
        found.push_back(avxVnniChoice());
    if (hasAvx2())
        found.push_back(avx2Kernels());
#endif
    found.push_back(portableKernels());
    return found;
}

} // namespace

const std::vector<Kernels> &usableKernels()
{
    static const std::vector<Kernels> kernels = foundKernels();
    return kernels;
}

} // namespace tessera::core::cpu
