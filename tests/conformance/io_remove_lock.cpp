// Remove locks, in the short form and in that of drivers compiled with DBG.
#include <nt/ntstrsafe.h>
#include <nt/rtl.h>

#include "io_support.hpp"

using namespace mica::test;

namespace {

// The long form's layout.
struct Long {
  IO_REMOVE_LOCK_COMMON_BLOCK common;
  IO_REMOVE_LOCK_DBG_BLOCK debug;
};

constexpr ULONG pool_tag = 0x6D65'5252;  // RRem
constexpr char file[] = "user.c";        // who acquires
constexpr ULONG line = 1234;
char a, b;

// A lock of either form.
class Lock {
 public:
  explicit Lock(bool is_long, ULONG watermark = 0, ULONG minutes = 0) noexcept
      : bytes_{static_cast<ULONG>(is_long ? sizeof(Long) : sizeof(IO_REMOVE_LOCK))} {
    IoInitializeRemoveLockEx(get(), pool_tag, minutes, watermark, bytes_);
  }
  [[nodiscard]] PIO_REMOVE_LOCK get() noexcept { return reinterpret_cast<PIO_REMOVE_LOCK>(&lock_); }
  NTSTATUS acquire(void* tag) noexcept {
    return IoAcquireRemoveLockEx(get(), tag, file, line, bytes_);
  }
  void release(void* tag) noexcept { IoReleaseRemoveLockEx(get(), tag, bytes_); }
  void remove(void* tag) noexcept { IoReleaseRemoveLockAndWaitEx(get(), tag, bytes_); }
  // A minute is long for a case.
  [[nodiscard]] LONGLONG& longest_100ns() noexcept { return lock_.debug.MaxLockedTicks; }
  // An acquisition as one that found no memory for its entry leaves it.
  void acquire_without_memory() noexcept {
    MICA_CHECK(IoAcquireRemoveLockEx(get(), nullptr, file, line, sizeof(IO_REMOVE_LOCK)) ==
               STATUS_SUCCESS);
    lock_.debug.LowMemoryCount = lock_.debug.LowMemoryCount + 1;
  }

 private:
  ULONG bytes_;
  Long lock_{};
};

bool violates(Bugcheck const& end, ULONG_PTR rule, Lock& lock, void* tag) {
  return end.happened && end.code == 0xC4 && end.parameters[0] == rule &&
         end.parameters[1] == reinterpret_cast<ULONG_PTR>(lock.get()) &&
         end.parameters[2] == reinterpret_cast<ULONG_PTR>(tag);
}

}  // namespace

MICA_CASE("Io: a remove lock is given until the device is removed") {
  for (bool const is_long : {false, true}) {
    Lock lock{is_long};
    MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
    MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
    MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
    lock.release(&a);
    lock.release(&b);
    lock.remove(&a);
    MICA_CHECK(lock.get()->Common.Removed != FALSE);
    MICA_CHECK(lock.acquire(&a) == STATUS_DELETE_PENDING);
  }
}

MICA_CASE("Io: the macros of remove locks are those of the form that the driver was compiled for") {
  IO_REMOVE_LOCK lock;
  IoInitializeRemoveLock(&lock, pool_tag, 0, 0);
  MICA_CHECK(IoAcquireRemoveLock(&lock, &a) == STATUS_SUCCESS);
  MICA_CHECK(IoAcquireRemoveLock(&lock, &b) == STATUS_SUCCESS);
  IoReleaseRemoveLock(&lock, &b);
  IoReleaseRemoveLockAndWait(&lock, &a);
  MICA_CHECK(IoAcquireRemoveLock(&lock, &a) == STATUS_DELETE_PENDING);
}

MICA_CASE("Io: who removes a device waits until nobody holds its lock, and nobody gets it") {
  for (bool const is_long : {false, true}) {
    Lock lock{is_long};
    MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
    MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
    std::atomic<bool> removed{false};
    auto remover = [&] {
      lock.remove(&b);
      removed = true;
    };
    Thread* const thread = start(remover);
    until_waiting(thread);
    MICA_CHECK(!removed);
    MICA_CHECK(lock.acquire(&b) == STATUS_DELETE_PENDING);
    MICA_CHECK(!removed);
    lock.release(&a);
    join(thread);
    MICA_CHECK(removed);
  }
}

MICA_CASE("Io: a remove lock may be taken and given back at DISPATCH_LEVEL") {
  for (bool const is_long : {false, true}) {
    Lock lock{is_long};
    {
      AtLevel const dispatch{DISPATCH_LEVEL};
      MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
      lock.release(&a);
      MICA_CHECK(lock.acquire(nullptr) == STATUS_SUCCESS);
    }
    lock.remove(nullptr);
  }
}

MICA_CASE("Io: a remove lock that nobody holds is not released: violation D5") {
  for (bool const is_long : {false, true}) {
    Lock lock{is_long};
    MICA_CHECK(violates(bugcheck_of([&] { lock.release(&a); }), 0xD5, lock, &a));
  }
}

MICA_CASE("Io: the long form of a remove lock knows by which tags it is held: violation D5") {
  Lock lock{true};
  MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
  MICA_CHECK(violates(bugcheck_of([&] { lock.release(&b); }), 0xD5, lock, &b));
  MICA_CHECK(violates(bugcheck_of([&] { lock.remove(&b); }), 0xD6, lock, &b));
  lock.remove(&a);
}

MICA_CASE("Io: the long form forgives one unknown tag for each acquisition without memory") {
  Lock lock{true};
  lock.acquire_without_memory();
  lock.acquire_without_memory();
  lock.release(&a);
  lock.release(&b);
  MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
  MICA_CHECK(violates(bugcheck_of([&] { lock.release(&a); }), 0xD5, lock, &a));
  lock.remove(&b);
}

MICA_CASE("Io: a remove lock in used memory is nobody's, and has no limits") {
  static Long used;
  RtlFillMemory(&used, sizeof used, 0x01);
  auto* const lock = reinterpret_cast<PIO_REMOVE_LOCK>(&used);
  IoInitializeRemoveLockEx(lock, pool_tag, 0, 0, sizeof used);
  MICA_CHECK(used.common.IoCount == 0 && used.common.Removed == FALSE);
  MICA_CHECK(used.debug.HighWatermark == 0 && used.debug.MaxLockedTicks == 0);
  MICA_CHECK(IoAcquireRemoveLockEx(lock, &a, file, line, sizeof used) == STATUS_SUCCESS);
  Bugcheck const end = bugcheck_of([&] { IoReleaseRemoveLockEx(lock, &b, sizeof used); });
  MICA_CHECK(end.happened && end.code == 0xC4 && end.parameters[0] == 0xD5);
  IoReleaseRemoveLockAndWaitEx(lock, &a, sizeof used);
}

MICA_CASE("Io: a device is removed once, by one who holds its remove lock: violation D6") {
  for (bool const is_long : {false, true}) {
    Lock lock{is_long};
    MICA_CHECK(violates(bugcheck_of([&] { lock.remove(&a); }), 0xD6, lock, &a));
    MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
    lock.remove(&a);
    MICA_CHECK(violates(bugcheck_of([&] { lock.remove(&a); }), 0xD6, lock, &a));
  }
}

namespace {

int heard;           // messages about remove locks
char expected[128];  // one of them
bool heard_expected;

// What the debugger is told of remove locks.
class Heard {
 public:
  Heard() noexcept {
    heard = 0;
    expect("");
    MICA_CHECK(NT_SUCCESS(DbgSetDebugPrintCallback(listen, TRUE)));
  }
  ~Heard() { DbgSetDebugPrintCallback(listen, FALSE); }

  template <class... Values>
  static void expect(char const* format, Values... values) noexcept {
    heard_expected = false;
    MICA_CHECK(NT_SUCCESS(RtlStringCbPrintfA(expected, sizeof expected, format, values...)));
  }

 private:
  static bool begins(STRING const& text, char const* what) noexcept {
    USHORT from = 0;
    for (; *what != 0; ++what, ++from)
      if (from >= text.Length || text.Buffer[from] != *what) return false;
    return true;
  }
  static void NTAPI listen(PSTRING text, ULONG, ULONG level) {
    if (level != DPFLTR_ERROR_LEVEL || !begins(*text, "Remove lock ")) return;
    ++heard;
    if (expected[0] != 0 && begins(*text, expected)) heard_expected = true;
  }
};

// Waits until interrupt time has just passed on, so that two calls see the same.
ULONG64 new_interrupt_time() noexcept {
  ULONG64 const before = KeQueryInterruptTime();
  ULONG64 now = before;
  until([&] { return (now = KeQueryInterruptTime()) != before; });
  return now;
}

}  // namespace

MICA_CASE("Io: the long form of a remove lock tells of more holders than it was said to have") {
  Heard const listens;
  Lock lock{true, 1};
  MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
  MICA_CHECK(heard == 0);
  Heard::expect("Remove lock %p is held by 2 at once, at user.c line 1234\n", lock.get());
  MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
  MICA_CHECK(heard == 1 && heard_expected);
  lock.release(&b);
  lock.remove(&a);
  MICA_CHECK(heard == 1);
}

MICA_CASE("Io: the long form of a remove lock tells of who holds it longer than was said") {
  Heard const listens;
  Lock lock{true, 0, 2};
  MICA_CHECK(lock.longest_100ns() == 2 * 600'000'000LL);
  for (LONGLONG const longer_100ns : {0, 1}) {
    for (bool exact = false; !exact;) {
      ULONG64 const since = new_interrupt_time();
      MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
      exact = KeQueryInterruptTime() == since;
      ULONG64 const end = new_interrupt_time();
      auto const held_100ns = static_cast<LONGLONG>(end - since);
      lock.longest_100ns() = held_100ns - longer_100ns;
      Heard::expect("Remove lock %p was held for %I64d ms, since user.c line 1234\n", lock.get(),
                    held_100ns / millisecond_100ns);
      int const before = heard;
      lock.release(&a);
      exact = exact && KeQueryInterruptTime() == end;
      if (!exact) continue;
      MICA_CHECK(heard == before + longer_100ns);
      MICA_CHECK(heard_expected == (longer_100ns != 0));
    }
  }
}

MICA_CASE("Io: a remove lock without limits tells of nothing, however many hold it for long") {
  Heard const listens;
  Lock lock{true};
  MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
  MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
  sleep(20 * millisecond_100ns);
  lock.release(&b);
  lock.remove(&a);
  MICA_CHECK(heard == 0);
}
