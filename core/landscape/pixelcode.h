#pragma once

// What decides a pixel is compiled twice where there is a CUDA compiler: for the processor, and as one whole for a GPU
// (cuda/landscapekernels.cu). These words mark it; for the processor they mean nothing.
#ifdef __CUDACC__
#define TESSERA_PIXEL __device__
#define TESSERA_PIXEL_CALL __device__ __noinline__ // large, and called from many places
#define TESSERA_PIXEL_CONSTANT static __device__ constexpr
#else
#define TESSERA_PIXEL
#define TESSERA_PIXEL_CALL
#define TESSERA_PIXEL_CONSTANT inline constexpr
#endif
