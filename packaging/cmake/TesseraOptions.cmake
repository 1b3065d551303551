# Tessera::Options: what every target of ours is compiled with. Link it PRIVATE, or PUBLIC from a library whose
# users should find "models/error.h" and its like from the repository's root.

if(CMAKE_CURRENT_SOURCE_DIR STREQUAL CMAKE_CURRENT_BINARY_DIR)
    message(FATAL_ERROR "Tessera builds outside its sources: use cmake --preset release")
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Objects of the static libraries also go into the QML plugin.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(TESSERA_CCACHE ccache)
mark_as_advanced(TESSERA_CCACHE)
if(TESSERA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What ccache asks for before it keeps files that begin with a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${TESSERA_CCACHE}")
endif()

add_library(tessera_options INTERFACE)
add_library(Tessera::Options ALIAS tessera_options)
target_compile_features(tessera_options INTERFACE cxx_std_20)
target_include_directories(tessera_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(tessera_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
target_compile_definitions(tessera_options INTERFACE
    QT_NO_KEYWORDS
    TESSERA_VERSION="${PROJECT_VERSION}"
    TESSERA_SOURCE_RESOURCES="${PROJECT_SOURCE_DIR}/resources"
    TESSERA_INSTALL_RESOURCES="${CMAKE_INSTALL_FULL_DATADIR}/tessera"
    $<$<BOOL:${TESSERA_HEADLESS}>:TESSERA_HEADLESS=1>)
if(TESSERA_WERROR)
    target_compile_options(tessera_options INTERFACE -Werror)
endif()
if(TESSERA_SANITIZE)
    # With sanitizers GCC takes values behind their checks for uninitialised, in LibTorch's precompiled headers, too.
    set(sanitizerFlags -fsanitize=${TESSERA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
        -Wno-maybe-uninitialized)
    if(TESSERA_SANITIZE MATCHES thread)
        # GCC warns of fences, of which standard headers and LibTorch's have some.
        list(APPEND sanitizerFlags -Wno-tsan)
    endif()
    target_compile_options(tessera_options INTERFACE ${sanitizerFlags})
    target_link_options(tessera_options INTERFACE ${sanitizerFlags})
endif()
