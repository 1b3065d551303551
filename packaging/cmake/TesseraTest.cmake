# tessera_add_test(NAME name SOURCES files... LIBS targets... [LABELS labels...] [MAIN_PROVIDED])
#
# A GoogleTest program in <build>/tests whose every case is a test of CTest. Labels default to "unit". It runs in
# the repository's root. MAIN_PROVIDED: the sources hold a main function of their own. TESSERA_CAN_TEST tells
# whether GoogleTest was found.

set(TESSERA_CAN_TEST OFF)
if(TESSERA_BUILD_TESTS)
    if(TESSERA_GTEST_DIR)
        set(INSTALL_GTEST OFF)
        add_subdirectory("${TESSERA_GTEST_DIR}" "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL SYSTEM)
        set(TESSERA_CAN_TEST ON)
    else()
        find_package(GTest QUIET)
        set(TESSERA_CAN_TEST ${GTest_FOUND})
    endif()
    if(NOT TESSERA_CAN_TEST AND TESSERA_HEADLESS)
        message(STATUS "GoogleTest was not found: the tests are left out. Name its sources by "
            "-DTESSERA_GTEST_DIR=FOLDER to build them")
    elseif(NOT TESSERA_CAN_TEST)
        message(FATAL_ERROR "GoogleTest was not found: install libgtest-dev and libgmock-dev, name its sources by "
            "-DTESSERA_GTEST_DIR=FOLDER, or leave the tests out by -DTESSERA_BUILD_TESTS=OFF")
    endif()
endif()
include(GoogleTest)

set(testThreads 2)
if(TESSERA_SANITIZE MATCHES thread)
    # The OpenMP runtime is not instrumented: the thread sanitizer would take its barriers for races.
    set(testThreads 1)
endif()
set(TESSERA_TEST_ENVIRONMENT
    "TESSERA_RESOURCES=${PROJECT_SOURCE_DIR}/resources"
    # A fixed count whatever the machine: sums come out alike, and several tests can run side by side.
    "OMP_NUM_THREADS=${testThreads}"
    # Threads that spin at a barrier take the core from whoever they wait for when tests run side by side.
    "OMP_WAIT_POLICY=passive"
    "QT_QPA_PLATFORM=offscreen"
    "QT_QUICK_BACKEND=software"
    # What LibTorch, Qt and the graphics driver never free is not ours to mend.
    "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/packaging/lsan.supp:print_suppressions=0"
    # Tests ask for more memory than there is, and expect to be told.
    "ASAN_OPTIONS=allocator_may_return_null=1"
    # Qt's and glib's own locks are invisible to the thread sanitizer, which takes what they guard for races.
    "TSAN_OPTIONS=allocator_may_return_null=1:ignore_noninstrumented_modules=1"
    "UBSAN_OPTIONS=print_stacktrace=1")

function(tessera_add_test)
    cmake_parse_arguments(PARSE_ARGV 0 test "MAIN_PROVIDED" "NAME" "SOURCES;LIBS;LABELS")
    if(test_UNPARSED_ARGUMENTS OR NOT test_NAME OR NOT test_SOURCES)
        message(FATAL_ERROR "tessera_add_test needs NAME and SOURCES; not understood: ${test_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT test_LABELS)
        set(test_LABELS unit)
    endif()
    set(environment "${TESSERA_TEST_ENVIRONMENT}")
    if(NOT gpu IN_LIST test_LABELS) # what others expect must not depend on the machine
        list(APPEND environment "CUDA_VISIBLE_DEVICES=")
    endif()
    set(main GTest::gtest_main)
    if(test_MAIN_PROVIDED)
        set(main GTest::gtest)
    endif()
    add_executable(${test_NAME} ${test_SOURCES})
    target_link_libraries(${test_NAME} PRIVATE Tessera::Options ${test_LIBS} GTest::gmock ${main})
    set_target_properties(${test_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    gtest_discover_tests(${test_NAME}
        TEST_PREFIX "${test_NAME}."
        TEST_LIST ${test_NAME}_cases
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT 300)

    # gtest_discover_tests flattens properties that are lists, so those are set by a file that CTest reads after it.
    set(propertiesFile "${CMAKE_CURRENT_BINARY_DIR}/${test_NAME}_properties.cmake")
    file(CONFIGURE OUTPUT "${propertiesFile}" @ONLY CONTENT [[
if(@test_NAME@_cases)
    set_tests_properties(${@test_NAME@_cases} PROPERTIES
        LABELS "@test_LABELS@" ENVIRONMENT "@environment@")
endif()
]])
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${propertiesFile}")
endfunction()
