// Rundown protection, and its cache-aware form.                         [MSDN Run-Down Protection]
#include <nt/ex.h>

#include "lock_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG tag = 'rtxE';

// One reference by either set of names.
class Plain {
 public:
  Plain() noexcept { ExInitializeRundownProtection(&reference_); }
  bool acquire(ULONG n) noexcept { return ExAcquireRundownProtectionEx(&reference_, n) != FALSE; }
  bool acquire() noexcept { return ExAcquireRundownProtection(&reference_) != FALSE; }
  void release(ULONG count) noexcept { ExReleaseRundownProtectionEx(&reference_, count); }
  void release() noexcept { ExReleaseRundownProtection(&reference_); }
  void wait_for_release() noexcept { ExWaitForRundownProtectionRelease(&reference_); }
  void completed() noexcept { ExRundownCompleted(&reference_); }
  void initialize_again() noexcept { ExReInitializeRundownProtection(&reference_); }
  PVOID get() noexcept { return &reference_; }

 private:
  EX_RUNDOWN_REF reference_;
};

class CacheAware {
 public:
  CacheAware() noexcept : reference_{ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, tag)} {
    MICA_REQUIRE(reference_ != nullptr);
  }
  ~CacheAware() { ExFreeCacheAwareRundownProtection(reference_); }
  CacheAware(CacheAware const&) = delete;
  CacheAware& operator=(CacheAware const&) = delete;
  bool acquire(ULONG n) noexcept {
    return ExAcquireRundownProtectionCacheAwareEx(reference_, n) != FALSE;
  }
  bool acquire() noexcept { return ExAcquireRundownProtectionCacheAware(reference_) != FALSE; }
  void release(ULONG count) noexcept { ExReleaseRundownProtectionCacheAwareEx(reference_, count); }
  void release() noexcept { ExReleaseRundownProtectionCacheAware(reference_); }
  void wait_for_release() noexcept { ExWaitForRundownProtectionReleaseCacheAware(reference_); }
  void completed() noexcept { ExRundownCompletedCacheAware(reference_); }
  void initialize_again() noexcept { ExReInitializeRundownProtectionCacheAware(reference_); }
  PVOID get() noexcept { return reference_; }

 private:
  PEX_RUNDOWN_REF_CACHE_AWARE reference_;
};

template <class Body>
void with_each(Body body) {
  Plain plain;
  body(plain);
  CacheAware aware;
  body(aware);
}

bool too_high(Bugcheck const& end, PVOID object, KIRQL level) {
  return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL &&
         end.parameters[0] == address(object) && end.parameters[1] == level;
}

}  // namespace

MICA_CASE("Ex: protection is given until an object is run down, and again for a new one") {
  with_each([](auto& reference) {
    MICA_CHECK(reference.acquire());
    MICA_CHECK(reference.acquire(3));
    reference.release(2);
    reference.release();
    reference.release(1);
    reference.wait_for_release();
    MICA_CHECK(!reference.acquire());
    MICA_CHECK(!reference.acquire(2));
    reference.wait_for_release();  // at once
    reference.completed();
    reference.wait_for_release();
    MICA_CHECK(!reference.acquire());
    reference.initialize_again();
    MICA_CHECK(reference.acquire());
    reference.release();
  });
}

MICA_CASE("Ex: protection may be taken and given back at DISPATCH_LEVEL") {
  with_each([](auto& reference) {
    AtLevel at{DISPATCH_LEVEL};
    MICA_CHECK(reference.acquire());
    reference.release();
  });
}

MICA_CASE("Ex: running down waits for every release, and refuses meanwhile") {
  with_each([](auto& reference) {
    std::atomic<bool> gone{false};
    auto owner = [&] {
      AtLevel at{APC_LEVEL};
      reference.wait_for_release();
      gone = true;
    };
    MICA_CHECK(reference.acquire(2));
    MICA_CHECK(reference.acquire());
    auto* const thread = start(owner, {.processor = 1});
    until_waiting(thread);
    MICA_CHECK(!reference.acquire());
    reference.release(0);
    reference.release(2);
    sleep(2 * millisecond_100ns);  // time in which it may not return
    MICA_CHECK(!gone);
    reference.release();
    join(thread);
    MICA_CHECK(gone);
  });
}

MICA_CASE("Ex: two who run an object down both wait for its releases") {
  with_each([](auto& reference) {
    std::atomic<int> gone{0};
    auto owner = [&] {
      reference.wait_for_release();
      ++gone;
    };
    MICA_CHECK(reference.acquire());
    auto* const first = start(owner, {.processor = 0});
    until_waiting(first);
    auto* const second = start(owner, {.processor = 1});
    sleep(3 * millisecond_100ns);  // time in which neither may return
    MICA_CHECK(gone == 0);
    reference.release();
    join(first);
    join(second);
    MICA_CHECK(gone == 2);
  });
}

MICA_CASE("Ex: cache-aware protection may be given back on another processor") {
  CacheAware reference;
  auto taker = [&] { MICA_CHECK(reference.acquire(3)); };
  auto giver = [&] { reference.release(2); };
  join(start(taker, {.processor = 0}));
  join(start(giver, {.processor = 1}));
  std::atomic<bool> gone{false};
  auto owner = [&] {
    reference.wait_for_release();
    gone = true;
  };
  auto* const thread = start(owner, {.processor = 0});
  until_waiting(thread);
  MICA_CHECK(!gone);
  auto last = [&] { reference.release(); };
  join(start(last, {.processor = 1}));
  join(thread);
  MICA_CHECK(gone);
}

MICA_CASE("Ex: cache-aware protection lives in the caller's memory, of any size") {
  SIZE_T const bytes = ExSizeOfRundownProtectionCacheAware();
  for (SIZE_T const given : {bytes, SIZE_T{48}}) {
    auto* const memory = static_cast<UCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, given + 1, tag));
    MICA_REQUIRE(memory != nullptr);
    memory[given] = 0x5A;
    auto* const reference = reinterpret_cast<PEX_RUNDOWN_REF_CACHE_AWARE>(memory);
    ExInitializeRundownProtectionCacheAware(reference, given);
    auto use = [&] {
      MICA_CHECK(ExAcquireRundownProtectionCacheAware(reference) == TRUE);
      ExReleaseRundownProtectionCacheAware(reference);
    };
    for (ULONG i = 0; i < processors(); ++i) join(start(use, {.processor = static_cast<int>(i)}));
    ExWaitForRundownProtectionReleaseCacheAware(reference);
    MICA_CHECK(ExAcquireRundownProtectionCacheAware(reference) == FALSE);
    MICA_CHECK(memory[given] == 0x5A);
    ExFreePoolWithTag(memory, tag);
  }
}

MICA_CASE("Ex: giving back more protection than was taken is bugcheck 139") {
  EX_RUNDOWN_REF reference;
  ExInitializeRundownProtection(&reference);
  Bugcheck const unheld = bugcheck_of([&] { ExReleaseRundownProtection(&reference); });
  MICA_CHECK(unheld.happened && unheld.code == KERNEL_SECURITY_CHECK_FAILURE);
  MICA_CHECK(unheld.parameters[0] == 14);
  MICA_CHECK(ExAcquireRundownProtection(&reference) == TRUE);
  Bugcheck const more = bugcheck_of([&] { ExReleaseRundownProtectionEx(&reference, 2); });
  MICA_CHECK(more.happened && more.code == KERNEL_SECURITY_CHECK_FAILURE);
  ExReleaseRundownProtection(&reference);
  ExWaitForRundownProtectionRelease(&reference);
  Bugcheck const late = bugcheck_of([&] { ExReleaseRundownProtection(&reference); });
  MICA_CHECK(late.happened && late.code == KERNEL_SECURITY_CHECK_FAILURE);
}

MICA_CASE("Ex: giving back protection that is run down is bugcheck 139 on every processor") {
  CacheAware reference;
  reference.wait_for_release();
  reference.release(0);  // nothing is nothing
  Bugcheck end;
  auto release = [&] { end = bugcheck_of([&] { reference.release(); }); };
  for (ULONG i = 0; i < processors(); ++i) {
    join(start(release, {.processor = static_cast<int>(i)}));
    MICA_CHECK(end.happened && end.code == KERNEL_SECURITY_CHECK_FAILURE);
  }
}

MICA_CASE("Ex: levels above those of rundown protection are bugcheck A") {
  with_each([](auto& reference) {
    auto at = [&](KIRQL level, auto use) {
      Bugcheck const end = bugcheck_of([&] {
        KIRQL old;
        KeRaiseIrql(level, &old);
        use();
      });
      return too_high(end, reference.get(), level);
    };
    constexpr KIRQL above = DISPATCH_LEVEL + 1;
    MICA_CHECK(at(above, [&] { reference.acquire(); }));
    MICA_CHECK(at(above, [&] { reference.release(); }));
    MICA_CHECK(at(DISPATCH_LEVEL, [&] { reference.completed(); }));
    MICA_CHECK(at(DISPATCH_LEVEL, [&] { reference.initialize_again(); }));
  });
  EX_RUNDOWN_REF plain;
  ExInitializeRundownProtection(&plain);
  Bugcheck const waits = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExWaitForRundownProtectionRelease(&plain);
  });
  MICA_CHECK(too_high(waits, &plain, DISPATCH_LEVEL));
  auto* const aware = reinterpret_cast<PEX_RUNDOWN_REF_CACHE_AWARE>(&plain);
  Bugcheck const begins = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExInitializeRundownProtectionCacheAware(aware, sizeof plain);
  });
  MICA_CHECK(too_high(begins, aware, DISPATCH_LEVEL));
}

MICA_CASE("Ex: a cache-aware rundown protection that was freed is no pool any more") {
  SpecialPool const none{0};
  auto* const reference = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, tag);
  MICA_REQUIRE(reference != nullptr);
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());  // nobody is given it in between
    ExFreeCacheAwareRundownProtection(reference);
    ExFreePool(reference);
  });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER);
}
