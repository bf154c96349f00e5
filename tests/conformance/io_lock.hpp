// The locks that drivers share with the I/O manager, for cases that hold for each.
#pragma once

#include "io_support.hpp"

namespace mica::test {

struct SharedLock {
  void(NTAPI* acquire)(PKIRQL old);
  void(NTAPI* release)(KIRQL old);
};

// A DPC that comes while the lock is held here takes it when it is given back.
inline void check_free_for_dpc(SharedLock lock) noexcept {
  struct Work {
    SharedLock lock;
    std::atomic<bool> ran{false};
  } work{lock};
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& to = *static_cast<Work*>(context);
        KIRQL old = HIGH_LEVEL;
        to.lock.acquire(&old);
        MICA_CHECK(old == DISPATCH_LEVEL);
        to.lock.release(old);
        to.ran = true;
      },
      &work);
  KIRQL old = HIGH_LEVEL;
  lock.acquire(&old);
  MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr) != FALSE);
  MICA_CHECK(!work.ran);
  lock.release(old);
  until([&] { return work.ran.load(); });
}

}  // namespace mica::test
