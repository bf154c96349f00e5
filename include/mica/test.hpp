// The shared test header: freestanding, the same on both machines.
//   A case runs in a system thread at PASSIVE_LEVEL. On the host each case has a fresh System;
//   when booted, all cases share one, so a case leaves nothing behind. A name begins with its
//   subsystem: "Ke: ...".
#pragma once

#include <nt/ke.h>

namespace mica::test {

struct Case {
  char const* name;
  char const* file;
  int line;
  void (*body)();
};

// ---- Checks: a failed check is recorded with its place; the case goes on. A failed requirement
// ends it.
void record(bool holds, char const* expression, char const* file, int line) noexcept;
[[noreturn]] void abandon() noexcept;

// ---- Threads: started threads must be joined before the case ends. IRQL PASSIVE_LEVEL.
struct ThreadOptions {
  int processor = -1;  // -1: any; else the one processor it may run on, modulo the number there are
  KPRIORITY priority = 8;  // as KeSetPriorityThread takes it
};
struct Thread;
using Body = void (*)(void* argument);
[[nodiscard]] Thread* start(Body body, void* argument, ThreadOptions options = {}) noexcept;
void join(Thread* thread) noexcept;
[[nodiscard]] PKTHREAD object_of(Thread* thread) noexcept;  // valid until joined
// Returns once the thread waits for something, or has ended: whatever the speed of its processor.
void until_waiting(Thread* thread) noexcept;

// A callable that outlives the thread: Thread* t = start(lambda).
template <class Callable>
[[nodiscard]] Thread* start(Callable& callable, ThreadOptions options = {}) noexcept {
  return start([](void* argument) { (*static_cast<Callable*>(argument))(); }, &callable, options);
}

[[nodiscard]] ULONG processors() noexcept;

// ---- Bugchecks: runs `body` in a thread of its own and says how it ended. Only for bugchecks
// raised in that thread's own context with no lock held: the thread is ended there and the System
// goes on.
struct Bugcheck {
  bool happened;
  ULONG code;
  ULONG_PTR parameters[4];
  static constexpr ULONG depth = 16;
  ULONG_PTR backtrace[depth];  // where it was raised, and who called; zeroes follow

  // Whether `function`, of a few instructions, is among those who called.
  [[nodiscard]] bool names(Body function) const noexcept;
};
[[nodiscard]] Bugcheck bugcheck_of(Body body, void* argument) noexcept;

template <class Callable>
[[nodiscard]] Bugcheck bugcheck_of(Callable callable) noexcept {
  return bugcheck_of([](void* argument) { (*static_cast<Callable*>(argument))(); }, &callable);
}

// ---- Devices: asks a processor for the attention that a device with this vector would ask for
// (0x30 to 0xCF). It comes soon. Any IRQL.
void interrupt(ULONG processor, UCHAR vector) noexcept;

// ---- Special pool: blocks with that tag come from there while this stands, and no others,
// whatever the System was asked for; with 0 none do. One inside another.
class SpecialPool {
 public:
  enum class Align { end, start };
  explicit SpecialPool(ULONG tag, Align align = Align::end) noexcept;
  ~SpecialPool();
  SpecialPool(SpecialPool const&) = delete;
  SpecialPool& operator=(SpecialPool const&) = delete;

 private:
  ULONG before_[3];
};

// ---- Images: memory of the test counts as a loaded image while this stands; `functions` says how
// far into it its RUNTIME_FUNCTIONs are. IRQL PASSIVE_LEVEL.
class Image {
 public:
  Image(void* base, ULONG64 bytes, ULONG64 functions, ULONG64 functions_bytes) noexcept;
  ~Image();
  Image(Image const&) = delete;
  Image& operator=(Image const&) = delete;

  // What the image would find in the slot of that routine, if it imported it.
  [[nodiscard]] void* stub(void const* routine) noexcept;

 private:
  void* base_;
  void* stubs_;
  ULONG count_ = 0;
};

// ---- Deadlock detection for a scope, whether or not the System has it on; it begins with nothing
// learned. IRQL PASSIVE_LEVEL; the thread holds no lock at either end.
class [[nodiscard]] DeadlockDetection {
 public:
  DeadlockDetection() noexcept;
  ~DeadlockDetection();
  DeadlockDetection(DeadlockDetection const&) = delete;
  DeadlockDetection& operator=(DeadlockDetection const&) = delete;

 private:
  bool was_on_;
};

// ---- What only a verified System is judged by (the kernel option `verifier`), but for deadlock
// detection: judged, or not, for a scope, whether or not the System is verified.
class [[nodiscard]] Verified {
 public:
  explicit Verified(bool on) noexcept;
  ~Verified();
  Verified(Verified const&) = delete;
  Verified& operator=(Verified const&) = delete;

 private:
  bool was_on_;
};

// ---- Time: waits until `duration_100ns` of interrupt time has passed, and all that became due has
// run.
void sleep(LONGLONG duration_100ns) noexcept;
inline constexpr LONGLONG millisecond_100ns = 10'000;

}  // namespace mica::test

#define MICA_JOIN_(a, b) a##b
#define MICA_JOIN(a, b) MICA_JOIN_(a, b)

// A case is an entry of the section mica_cases, an array of pointers that the linker collects on
// both machines; or of what cases in a driver have instead (tests/foreign/).
#ifndef MICA_CASE_SECTION
#define MICA_CASE_SECTION "mica_cases"
#endif
#define MICA_CASE(name) \
  MICA_CASE_(name, MICA_JOIN(case_body_, __LINE__), MICA_JOIN(case_, __LINE__))
#define MICA_CASE_(name, body, entry)                                                           \
  static void body();                                                                           \
  static constinit mica::test::Case const entry{name, __FILE__, __LINE__, body};                \
  [[gnu::used, gnu::section(MICA_CASE_SECTION)]] static constinit mica::test::Case const* const \
      MICA_JOIN(entry, _pointer) = &entry;                                                      \
  static void body()

#define MICA_CHECK(...) \
  ::mica::test::record(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define MICA_REQUIRE(...)                                               \
  do {                                                                  \
    bool const mica_holds = static_cast<bool>(__VA_ARGS__);             \
    ::mica::test::record(mica_holds, #__VA_ARGS__, __FILE__, __LINE__); \
    if (!mica_holds) ::mica::test::abandon();                           \
  } while (false)

extern "C" {
extern mica::test::Case const* const __start_mica_cases[];
extern mica::test::Case const* const __stop_mica_cases[];
}
