// L4: nobody has protection when running down returns, and nobody gets it afterwards.
#include <nt/ex.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

constexpr ULONG tag = 'rtxE';

// Uses of an object, until it is gone.
struct Object {
  bool gone = false;  // plain: a race says that somebody used it who had no right
  bool used = false;  // plain: who runs the object down knows of every use
  std::atomic<int> uses{0};

  void use() noexcept {
    MICA_CHECK(!gone);
    point();
    MICA_CHECK(!gone);
    ++uses;
  }
};

struct Plain {
  EX_RUNDOWN_REF reference;
  Plain() noexcept { ExInitializeRundownProtection(&reference); }
  bool acquire() noexcept { return ExAcquireRundownProtection(&reference) != FALSE; }
  void release() noexcept { ExReleaseRundownProtection(&reference); }
  void run_down() noexcept { ExWaitForRundownProtectionRelease(&reference); }
};

struct CacheAware {
  PEX_RUNDOWN_REF_CACHE_AWARE reference;
  CacheAware() noexcept : reference{ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, tag)} {}
  ~CacheAware() { ExFreeCacheAwareRundownProtection(reference); }
  bool acquire() noexcept { return ExAcquireRundownProtectionCacheAware(reference) != FALSE; }
  void release() noexcept { ExReleaseRundownProtectionCacheAware(reference); }
  void run_down() noexcept { ExWaitForRundownProtectionReleaseCacheAware(reference); }
};

template <class Reference>
void use_and_run_down(Window& window, unsigned users) noexcept {
  Reference reference;
  Object object;
  auto user = [&] {
    if (!reference.acquire()) return;
    object.use();
    reference.release();
  };
  auto owner = [&] {
    reference.run_down();
    object.gone = true;
    MICA_CHECK(!reference.acquire());
  };
  auto program = [&](unsigned number) {
    Passive passive;
    number == 0 ? owner() : user();
  };
  run_together(window, {users + 1}, program);
  MICA_CHECK(object.gone);
  MICA_CHECK(!reference.acquire());
}

}  // namespace

MICA_EXPLORE("L4-one", "L4: a user and who runs the object down", .processors = 2, .bound = 2) {
  use_and_run_down<Plain>(window, 1);
}

MICA_EXPLORE("L4-two", "L4: two users and who runs the object down", .processors = 3, .bound = 2) {
  use_and_run_down<Plain>(window, 2);
}

MICA_EXPLORE("L4-aware-one", "L4: a user and who runs a cache-aware object down", .processors = 2,
             .bound = 2) {
  use_and_run_down<CacheAware>(window, 1);
}

MICA_EXPLORE("L4-aware-two", "L4: two users and who runs a cache-aware object down",
             .processors = 3, .bound = 2) {
  use_and_run_down<CacheAware>(window, 2);
}

// What is acquired on one processor is released on another, while the counts are gathered.
MICA_EXPLORE("L4-aware-moved", "L4: cache-aware protection is given back wherever its holder is",
             .processors = 3) {
  CacheAware reference;
  Object object;
  std::atomic<bool> taken{false};
  auto taker = [&] {
    MICA_CHECK(reference.acquire());
    taken = true;
  };
  auto giver = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    spin_while(taken, false);
    object.use();
    reference.release();
    KeLowerIrql(old);
  };
  auto owner = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    spin_while(taken, false);
    KeLowerIrql(old);
    reference.run_down();
    object.gone = true;
  };
  Team team{window};
  team.add(taker, {.processor = 0});
  team.add(giver, {.processor = 1});
  team.add(owner, {.processor = 2});
  team.run();
  MICA_CHECK(object.uses == 1 && object.gone);
}

MICA_EXPLORE("L4-twice", "L4: two who run an object down both return when nobody uses it",
             .processors = 3) {
  Plain reference;
  Object object;
  std::atomic<int> returned{0};
  MICA_CHECK(reference.acquire());
  auto user = [&] {
    object.used = true;
    reference.release();
  };
  auto owner = [&] {
    reference.run_down();
    MICA_CHECK(object.used);
    ++returned;
  };
  Team team{window};
  team.add(user, {.processor = 0});
  team.add(owner, {.processor = 1});
  team.add(owner, {.processor = 2});
  team.run();
  MICA_CHECK(returned == 2);
}
