# tessera_precompile_torch(TARGETS...): the targets' files begin with LibTorch's tensors and what most files of ours
# include beside them, read once for all of them instead of by every compiler for ten seconds.
#
# For targets most of whose files include <ATen/ATen.h>. Files include what they use all the same:
# -DTESSERA_PRECOMPILE=OFF builds without, which finds includes that were forgotten.

option(TESSERA_PRECOMPILE "Read LibTorch's headers once for all files that include them" ON)

function(tessera_torch_headers)
    # A library must have a file.
    set(source "${PROJECT_BINARY_DIR}/torchheaders.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "")
    add_library(tessera_torchheaders OBJECT "${source}")
    target_link_libraries(tessera_torchheaders PRIVATE Tessera::Options Tessera::Torch)
    target_precompile_headers(tessera_torchheaders PRIVATE
        <ATen/ATen.h> <algorithm> <filesystem> <functional> <map> <memory> <optional> <string> <vector>)
endfunction()

function(tessera_precompile_torch)
    if(NOT TESSERA_PRECOMPILE)
        return()
    endif()
    if(NOT TARGET tessera_torchheaders)
        tessera_torch_headers()
    endif()
    foreach(target IN LISTS ARGN)
        target_precompile_headers(${target} REUSE_FROM tessera_torchheaders)
        # Programs, too: what was precompiled for a library only fits code that may lie anywhere.
        target_compile_options(${target} PRIVATE -fPIC)
    endforeach()
endfunction()
