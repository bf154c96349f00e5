// Remove locks, in the short form and in that of drivers compiled with DBG.
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
    return IoAcquireRemoveLockEx(get(), tag, __FILE__, __LINE__, bytes_);
  }
  void release(void* tag) noexcept { IoReleaseRemoveLockEx(get(), tag, bytes_); }
  void remove(void* tag) noexcept { IoReleaseRemoveLockAndWaitEx(get(), tag, bytes_); }
  // A minute is long for a case.
  [[nodiscard]] LONGLONG& longest_100ns() noexcept { return lock_.debug.MaxLockedTicks; }

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

int heard_held_by;  // how many holders the last message was about
int heard_held_for;

// What the debugger is told of remove locks.
class Heard {
 public:
  Heard() noexcept {
    heard_held_by = heard_held_for = 0;
    MICA_CHECK(NT_SUCCESS(DbgSetDebugPrintCallback(listen, TRUE)));
  }
  ~Heard() { DbgSetDebugPrintCallback(listen, FALSE); }

 private:
  static bool begins(STRING const& text, char const* what, USHORT from) noexcept {
    for (; *what != 0; ++what, ++from)
      if (from >= text.Length || text.Buffer[from] != *what) return false;
    return true;
  }
  static bool has(STRING const& text, char const* what) noexcept {
    for (USHORT from = 0; from < text.Length; ++from)
      if (begins(text, what, from)) return true;
    return false;
  }
  static void NTAPI listen(PSTRING text, ULONG, ULONG level) {
    if (level != DPFLTR_ERROR_LEVEL || !begins(*text, "Remove lock ", 0)) return;
    if (has(*text, " is held by 2 at once")) ++heard_held_by;
    if (has(*text, " was held for ")) ++heard_held_for;
  }
};

}  // namespace

MICA_CASE("Io: the long form of a remove lock tells of more holders than it was said to have") {
  Heard const heard;
  Lock lock{true, 1};
  MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
  MICA_CHECK(heard_held_by == 0);
  MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
  MICA_CHECK(heard_held_by == 1);
  lock.release(&b);
  lock.remove(&a);
}

MICA_CASE("Io: the long form of a remove lock tells of who holds it longer than was said") {
  Heard const heard;
  Lock lock{true, 0, 2};
  MICA_CHECK(lock.longest_100ns() == 2 * 600'000'000LL);
  lock.longest_100ns() = 50 * millisecond_100ns;
  MICA_CHECK(lock.acquire(&a) == STATUS_SUCCESS);
  MICA_CHECK(lock.acquire(&b) == STATUS_SUCCESS);
  lock.release(&b);
  MICA_CHECK(heard_held_for == 0);
  sleep(60 * millisecond_100ns);
  lock.remove(&a);
  MICA_CHECK(heard_held_for == 1);
}
