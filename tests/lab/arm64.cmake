# Builds for AArch64 on another Debian 12, with Debian's cross compiler:
#
#   cmake --toolchain tests/lab/arm64.cmake -S . -B BUILD
#
# The libraries are those of tests/lab/sysroot, which is asked for them unless CMAKE_FIND_ROOT_PATH names others.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

if(NOT CMAKE_FIND_ROOT_PATH)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/sysroot --arch arm64
    OUTPUT_VARIABLE sysroot OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(CMAKE_FIND_ROOT_PATH ${sysroot} CACHE PATH "Where libraries for AArch64 are")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CMAKE_FIND_ROOT_PATH)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
