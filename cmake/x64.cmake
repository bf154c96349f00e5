# Toolchain file of the x64 machine: a freestanding kernel, higher half, no vector registers of its own.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# No red zone: interrupts use the running stack. No position-independent code: nothing would link. Frame pointers:
# backtraces follow them.
string(JOIN " " mica_x64_flags
  -ffreestanding -mno-red-zone -mcmodel=kernel -fno-pic -fno-pie -fno-exceptions -fno-asynchronous-unwind-tables
  -fno-stack-protector -fcf-protection=none -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer)
string(JOIN " " mica_x64_link
  -nostdlib -static -no-pie -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--build-id=none)

# clang's -mgeneral-regs-only breaks <atomic> of libstdc++ 12; g++ needs it.
if("${CMAKE_CXX_COMPILER} $ENV{CXX}" MATCHES clang)
  string(APPEND mica_x64_flags " -mno-sse -mno-mmx")
  string(APPEND mica_x64_link " -Wno-unused-command-line-argument")
else()
  # A function has its frame before anything else: the trace of a fault relies on it (src/hal_x64/backtrace.cpp).
  string(APPEND mica_x64_flags " -mgeneral-regs-only -fno-shrink-wrap")
endif()

set(CMAKE_C_FLAGS_INIT "${mica_x64_flags}")
set(CMAKE_CXX_FLAGS_INIT "${mica_x64_flags} -fno-rtti -fno-threadsafe-statics")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${mica_x64_link}")
