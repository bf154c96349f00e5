// Which sanitizer this is compiled for, and the attribute of code that none may instrument.
//   The machine's own sources are compiled without TSan's instrumentation and with MICA_TSAN
//   (CMakeLists.txt); in headers that others compile, MICA_RAW does the same for a function.
//   MICA_RAW stands on what runs while a fiber switch is half done, and on the seam's bodies: what
//   they touch belongs to a simulated processor, not to the thread that runs on it.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define MICA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MICA_ASAN 1
#endif
#endif

// The compiler's TSan instrumentation: for TSan proper, or for the explorer's own runtime
// (MICA_EXPLORED).
#if defined(__SANITIZE_THREAD__)
#define MICA_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MICA_INSTRUMENTED 1
#endif
#endif

#if defined(MICA_INSTRUMENTED) && !defined(MICA_EXPLORED) && !defined(MICA_TSAN)
#define MICA_TSAN 1
#endif

#if defined(MICA_INSTRUMENTED) && defined(__clang__)
#define MICA_RAW __attribute__((disable_sanitizer_instrumentation, noinline))
#elif defined(MICA_INSTRUMENTED)
#define MICA_RAW __attribute__((no_sanitize("thread"), noinline))
#else
#define MICA_RAW
#endif

#if defined(MICA_TSAN)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
extern "C" void AnnotateIgnoreReadsBegin(char const* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(char const* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(char const* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(char const* file, int line);
#endif

namespace mica::hal_host {

// Happens-before edges that the machine gives and a race detector cannot see.
MICA_RAW inline void token_acquire([[maybe_unused]] void* token) noexcept {
#if defined(MICA_TSAN)
  __tsan_acquire(token);
#endif
}
MICA_RAW inline void token_release([[maybe_unused]] void* token) noexcept {
#if defined(MICA_TSAN)
  __tsan_release(token);
#endif
}

// While one stands, TSan looks away: for what belongs to the simulation, whichever thread happens
// to run it. No switch of context may happen meanwhile.
class [[nodiscard]] LookAway {
 public:
  MICA_RAW LookAway() noexcept {
#if defined(MICA_TSAN)
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
  }
  MICA_RAW ~LookAway() {
#if defined(MICA_TSAN)
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
  }
  LookAway(LookAway const&) = delete;
  LookAway& operator=(LookAway const&) = delete;
};

}  // namespace mica::hal_host
