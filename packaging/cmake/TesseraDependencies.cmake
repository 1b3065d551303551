# One imported target for each library beside LibTorch and Qt, the same name however the library was found:
# Tessera::Json, Tessera::Cli; and unless headless Tessera::OpenCV, Tessera::Yaml; Tessera::Benchmark
# where Google Benchmark is there.

function(tessera_header_library target header package)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    string(MAKE_C_IDENTIFIER "TESSERA_INCLUDE_${header}" variable)
    find_path(${variable} ${header} HINTS "${TESSERA_HEADER_DIR}")
    mark_as_advanced(${variable})
    if(NOT ${variable})
        message(FATAL_ERROR
            "The header ${header} was not found. Install ${package}, or name a folder that holds ${header} by "
            "-DTESSERA_HEADER_DIR=FOLDER (now '${TESSERA_HEADER_DIR}')")
    endif()
    target_include_directories(${target} INTERFACE "${${variable}}")
endfunction()

tessera_header_library(Tessera::Json nlohmann/json.hpp nlohmann-json3-dev)
tessera_header_library(Tessera::Cli CLI/CLI.hpp libcli11-dev)

if(TESSERA_BENCHMARKS)
    find_package(benchmark QUIET)
    if(benchmark_FOUND)
        add_library(Tessera::Benchmark INTERFACE IMPORTED GLOBAL)
        target_link_libraries(Tessera::Benchmark INTERFACE benchmark::benchmark)
    endif()
endif()

if(TESSERA_HEADLESS)
    return()
endif()

find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Qml Quick QuickControls2 Test)
find_package(ZLIB REQUIRED)

# The distribution's configuration file for OpenCV comes with a package that drags in every module; two are needed.
add_library(Tessera::OpenCV INTERFACE IMPORTED GLOBAL)
find_package(OpenCV 4 QUIET COMPONENTS core imgproc)
if(OpenCV_FOUND)
    target_link_libraries(Tessera::OpenCV INTERFACE opencv_core opencv_imgproc)
else()
    find_path(TESSERA_OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4)
    find_library(TESSERA_OPENCV_CORE opencv_core)
    find_library(TESSERA_OPENCV_IMGPROC opencv_imgproc)
    mark_as_advanced(TESSERA_OPENCV_INCLUDE TESSERA_OPENCV_CORE TESSERA_OPENCV_IMGPROC)
    if(NOT TESSERA_OPENCV_INCLUDE OR NOT TESSERA_OPENCV_CORE OR NOT TESSERA_OPENCV_IMGPROC)
        message(FATAL_ERROR "OpenCV 4 (core and imgproc) was not found: install libopencv-core-dev and "
            "libopencv-imgproc-dev, or run packaging/setup.sh")
    endif()
    target_include_directories(Tessera::OpenCV INTERFACE "${TESSERA_OPENCV_INCLUDE}")
    target_link_libraries(Tessera::OpenCV INTERFACE "${TESSERA_OPENCV_IMGPROC}" "${TESSERA_OPENCV_CORE}")
endif()

find_package(yaml-cpp 0.7 REQUIRED)
add_library(Tessera::Yaml INTERFACE IMPORTED GLOBAL)
if(TARGET yaml-cpp::yaml-cpp)
    target_link_libraries(Tessera::Yaml INTERFACE yaml-cpp::yaml-cpp)
else()
    target_link_libraries(Tessera::Yaml INTERFACE yaml-cpp)
endif()
