# Tessera::Torch: LibTorch 2.9 or newer, as one imported target. TESSERA_TORCH_CUDA says whether it can use a GPU.
#
# Looked for in Torch_DIR, then CMAKE_PREFIX_PATH (CMake's variables, then those of the environment at the first
# configuration), then the private environment that packaging/setup.sh makes in build/venv.
#
# TorchConfig.cmake is not used: it asks for a whole CUDA toolkit when LibTorch can use a GPU, which a program that
# only calls LibTorch does not need, and it adds compiler flags of its own (docs/decisions/0002).

string(REPLACE ":" ";" environmentHints "$ENV{Torch_DIR}:$ENV{CMAKE_PREFIX_PATH}")
set(TESSERA_TORCH_HINTS "${environmentHints}" CACHE STRING "Folders to look for LibTorch in")
mark_as_advanced(TESSERA_TORCH_HINTS)

function(tessera_find_torch result)
    set(candidates)
    foreach(directory IN LISTS Torch_DIR CMAKE_PREFIX_PATH TESSERA_TORCH_HINTS)
        if(directory STREQUAL "")
            continue()
        endif()
        # Both the folder of LibTorch itself and the folders of its CMake files are names in use.
        list(APPEND candidates "${directory}" "${directory}/torch" "${directory}/../.." "${directory}/../../..")
    endforeach()
    file(GLOB venvTorch "${PROJECT_SOURCE_DIR}/build/venv/lib/python3*/site-packages/torch")
    list(APPEND candidates ${venvTorch})
    foreach(candidate IN LISTS candidates)
        if(EXISTS "${candidate}/lib/libtorch_cpu.so" AND EXISTS "${candidate}/include/ATen/ATen.h")
            get_filename_component(candidate "${candidate}" REALPATH)
            set(${result} "${candidate}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    set(hints "${TESSERA_TORCH_HINTS}")
    list(REMOVE_ITEM hints "")
    unset(TESSERA_TORCH_HINTS CACHE) # the next configuration is to see what the environment says then
    message(FATAL_ERROR
        "LibTorch 2.9 or newer was expected in Torch_DIR ('${Torch_DIR}') or CMAKE_PREFIX_PATH "
        "('${CMAKE_PREFIX_PATH}'), in those of the environment ('${hints}'), or in ${PROJECT_SOURCE_DIR}/build/venv, "
        "and found nowhere. Run packaging/setup.sh, which fetches it, or name yours by "
        "export CMAKE_PREFIX_PATH=/path/to/libtorch, and run again")
endfunction()

function(tessera_torch_version root result)
    foreach(header IN ITEMS torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
        if(EXISTS "${root}/include/${header}")
            file(STRINGS "${root}/include/${header}" line REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
            string(REGEX MATCHALL "[0-9]+" numbers "${line}")
            if(numbers)
                list(JOIN numbers "." version)
                set(${result} "${version}" PARENT_SCOPE)
                return()
            endif()
        endif()
    endforeach()
    message(FATAL_ERROR "${root}/include holds no version.h of LibTorch that names its version")
endfunction()

tessera_find_torch(TESSERA_TORCH_ROOT)
tessera_torch_version("${TESSERA_TORCH_ROOT}" TESSERA_TORCH_VERSION)
if(TESSERA_TORCH_VERSION VERSION_LESS 2.9)
    message(FATAL_ERROR
        "${TESSERA_TORCH_ROOT} is LibTorch ${TESSERA_TORCH_VERSION}; Tessera needs 2.9 or newer")
endif()

set(torchConfig "${TESSERA_TORCH_ROOT}/share/cmake/Torch/TorchConfig.cmake")
if(EXISTS "${torchConfig}")
    file(STRINGS "${torchConfig}" oldAbi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
    if(oldAbi)
        message(FATAL_ERROR
            "${TESSERA_TORCH_ROOT} was built with the C++ ABI from before C++11; take the \"cxx11 ABI\" build")
    endif()
endif()

set(TESSERA_TORCH_CUDA OFF)
if(EXISTS "${TESSERA_TORCH_ROOT}/lib/libtorch_cuda.so")
    set(TESSERA_TORCH_CUDA ON)
endif()
message(STATUS "LibTorch ${TESSERA_TORCH_VERSION} (CUDA: ${TESSERA_TORCH_CUDA}): ${TESSERA_TORCH_ROOT}")

add_library(tessera_torch INTERFACE IMPORTED GLOBAL)
add_library(Tessera::Torch ALIAS tessera_torch)
set(torchLibraries "${TESSERA_TORCH_ROOT}/lib/libtorch_cpu.so" "${TESSERA_TORCH_ROOT}/lib/libc10.so")
if(TESSERA_TORCH_CUDA)
    # Nothing of ours names a symbol of it, yet it must be loaded: it registers the device when it starts.
    list(APPEND torchLibraries
        "-Wl,--push-state,--no-as-needed" "${TESSERA_TORCH_ROOT}/lib/libtorch_cuda.so" "-Wl,--pop-state"
        "${TESSERA_TORCH_ROOT}/lib/libc10_cuda.so")
endif()
# ATen's parallel loops are written in headers: without OpenMP they would run on one thread. The OpenMP runtime
# must be LibTorch's own, or a process would hold two thread pools.
file(GLOB torchOpenMp "${TESSERA_TORCH_ROOT}/lib/libgomp*.so*" "${TESSERA_TORCH_ROOT}/../torch.libs/libgomp*.so*")
if(NOT torchOpenMp)
    set(torchOpenMp gomp)
endif()
list(GET torchOpenMp 0 torchOpenMp)
list(APPEND torchLibraries "${torchOpenMp}")

# An imported target's include folders are SYSTEM: LibTorch's headers give no warnings of ours.
set_target_properties(tessera_torch PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES
        "${TESSERA_TORCH_ROOT}/include;${TESSERA_TORCH_ROOT}/include/torch/csrc/api/include"
    INTERFACE_COMPILE_OPTIONS "-fopenmp"
    INTERFACE_LINK_LIBRARIES "${torchLibraries};Threads::Threads")
find_package(Threads REQUIRED)
