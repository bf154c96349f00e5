// L3: of a push lock's owners one is alone or all share it; nobody who waits is forgotten.
#include <nt/ex.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

struct Guarded {
  EX_PUSH_LOCK lock = 0;
  int writers = 0, writes = 0;
  std::atomic<int> readers{0}, reads{0};

  void write() noexcept {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&lock);
    change();
    ExReleasePushLockExclusive(&lock);
    KeLeaveCriticalRegion();
  }
  void read() noexcept {
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&lock);
    look();
    ExReleasePushLockShared(&lock);
    KeLeaveCriticalRegion();
  }
  void change() noexcept {
    MICA_CHECK(readers == 0 && ++writers == 1);
    point();
    --writers;
    ++writes;
  }
  void look() noexcept {
    ++readers;
    MICA_CHECK(writers == 0);
    point();
    ++reads;
    --readers;
  }
  void ends(int written, int read) noexcept {
    MICA_CHECK(lock == 0);
    MICA_CHECK(writes == written && reads == read);
  }
};

}  // namespace

MICA_EXPLORE("L3-write-write", "L3: two writers of a push lock exclude each other", .processors = 2,
             .bound = 2) {
  Guarded guarded;
  auto program = [&](unsigned) {
    Passive passive;
    guarded.write();
  };
  run_together(window, {2}, program);
  guarded.ends(2, 0);
}

MICA_EXPLORE("L3-write-read", "L3: a writer and a reader of a push lock exclude each other",
             .processors = 2, .bound = 2) {
  Guarded guarded;
  auto program = [&](unsigned number) {
    Passive passive;
    number == 0 ? guarded.write() : guarded.read();
  };
  run_together(window, {2}, program);
  guarded.ends(1, 1);
}

MICA_EXPLORE("L3-readers", "L3: a writer waits for each of two readers of a push lock",
             .processors = 3) {
  Guarded guarded;
  auto writer = [&] { guarded.write(); };
  auto reader = [&] { guarded.read(); };
  Team team{window};
  team.add(reader, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.add(writer, {.processor = 2});
  team.run();
  guarded.ends(1, 2);
}

// Waiters queue while others release: each gives the lock to whom the queue begins with.
MICA_EXPLORE("L3-four", "L3: two writers and two readers of a push lock each have their turns",
             .processors = 3) {
  Guarded guarded;
  auto writer = [&] {
    for (int i = 0; i < 2; ++i) guarded.write();
  };
  auto reader = [&] {
    for (int i = 0; i < 2; ++i) guarded.read();
  };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.add(writer, {.processor = 2});
  team.add(reader, {.processor = 0});
  team.run();
  guarded.ends(4, 4);
}

MICA_EXPLORE("L3-try", "L3: tries of a push lock exclude as acquisitions do", .processors = 3) {
  Guarded guarded;
  std::atomic<int> written{1}, read{0};
  auto writer = [&] { guarded.write(); };
  auto attempt = [&] {
    KeEnterCriticalRegion();
    if (ExTryAcquirePushLockExclusive(&guarded.lock)) {
      guarded.change();
      ++written;
      ExReleasePushLockExclusive(&guarded.lock);
    } else if (ExTryAcquirePushLockShared(&guarded.lock)) {
      guarded.look();
      ++read;
      ExReleasePushLockShared(&guarded.lock);
    }
    KeLeaveCriticalRegion();
  };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(attempt, {.processor = 1});
  team.add(attempt, {.processor = 2});
  team.run();
  guarded.ends(written, read);
}
