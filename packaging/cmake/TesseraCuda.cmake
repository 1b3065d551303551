# TESSERA_CUDA says whether the transformer's own CUDA kernels are built: where LibTorch can use a GPU and a CUDA compiler
# is there (CMAKE_CUDA_COMPILER, the environment's CUDACXX, or nvcc on the path). Tessera::CudaRuntime is the CUDA runtime
# that LibTorch itself uses. Without a compiler LibTorch's own operations serve a GPU.

set(TESSERA_CUDA OFF)
if(NOT TESSERA_TORCH_CUDA)
    return()
endif()

# Code for these, and an intermediate form that drivers translate for newer ones.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
    set(ENV{CUDAARCHS} "80-real;90")
endif()
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
    message(STATUS "No CUDA compiler was found: LibTorch's operations serve a GPU")
    return()
endif()
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17) # the newest that CMake 3.25 knows flags for
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_RUNTIME_LIBRARY None)

# A process must not hold two runtimes, so the one that LibTorch brings is linked by its file.
file(GLOB cudaRuntime
    "${TESSERA_TORCH_ROOT}/lib/libcudart*.so*"
    "${TESSERA_TORCH_ROOT}/../nvidia/cu*/lib/libcudart.so*"
    "${TESSERA_TORCH_ROOT}/../nvidia/cuda_runtime/lib/libcudart.so*")
if(NOT cudaRuntime)
    get_filename_component(cudaBin "${CMAKE_CUDA_COMPILER}" DIRECTORY)
    find_library(TESSERA_CUDA_RUNTIME cudart HINTS "${cudaBin}/../lib64" "${cudaBin}/../lib" REQUIRED)
    mark_as_advanced(TESSERA_CUDA_RUNTIME)
    set(cudaRuntime "${TESSERA_CUDA_RUNTIME}")
endif()
list(GET cudaRuntime 0 cudaRuntime)
file(REAL_PATH "${cudaRuntime}" cudaRuntime) # its name tells the version, a link's need not
string(REGEX MATCH "\\.so\\.[0-9]+" cudaMajor "${cudaRuntime}")
string(REPLACE ".so." "" cudaMajor "${cudaMajor}")
if(cudaMajor AND NOT CMAKE_CUDA_COMPILER_VERSION MATCHES "^${cudaMajor}\\.")
    message(STATUS "The CUDA compiler is ${CMAKE_CUDA_COMPILER_VERSION}, LibTorch's runtime ${cudaRuntime}: "
        "LibTorch's operations serve a GPU")
    return()
endif()
add_library(tessera_cudaruntime INTERFACE IMPORTED GLOBAL)
add_library(Tessera::CudaRuntime ALIAS tessera_cudaruntime)
set_target_properties(tessera_cudaruntime PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES}"
    INTERFACE_LINK_LIBRARIES "${cudaRuntime}")
set(TESSERA_CUDA ON)
message(STATUS "CUDA ${CMAKE_CUDA_COMPILER_VERSION}, runtime ${cudaRuntime}")
