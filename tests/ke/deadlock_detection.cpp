// Deadlock detection as a System's configuration asks for it, what it prints, and full tables.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <nt/ex.h>

#include "catch.hpp"
#include "conformance/support.hpp"
#include "ke/lock_tables.hpp"

namespace {

void cross() {
  FAST_MUTEX first, second;
  ExInitializeFastMutex(&first);
  ExInitializeFastMutex(&second);
  auto take = [](FAST_MUTEX& outer, FAST_MUTEX& inner) {
    ExAcquireFastMutex(&outer);
    ExAcquireFastMutex(&inner);
    ExReleaseFastMutex(&inner);
    ExReleaseFastMutex(&outer);
  };
  take(first, second);
  take(second, first);
}

// `count` spin locks, each a class of its own, taken inside a mutex; whether the pool had room.
void take_many(std::size_t count) {
  auto* const locks = static_cast<EX_SPIN_LOCK*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(EX_SPIN_LOCK), 'kcoL'));
  MICA_REQUIRE(locks != nullptr);
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  for (std::size_t i = 0; i < count; ++i) {
    ExAcquireFastMutex(&mutex);
    ExReleaseSpinLockShared(&locks[i], ExAcquireSpinLockShared(&locks[i]));
    ExReleaseFastMutex(&mutex);
  }
  ExFreePool(locks);
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("ke: deadlock detection is off unless it is asked for") {
  mica::System off;
  CHECK(off.try_run(cross).completed());
  CHECK(off.log().empty());
  mica::System standard{{.verifier = mica::Verifier::standard}};
  CHECK(standard.try_run(cross).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001));
  mica::System option{{.options = "deadlock-detection"}};
  CHECK(option.try_run(cross).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001));
}

TEST_CASE("ke: deadlock detection says in words which locks were taken where, by whom") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  mica::Outcome const end = system.try_run(cross);
  CHECK(end.report().find("verifier=standard") != std::string::npos);
  std::string_view const log = system.log();
  INFO(log);
  CHECK(log.starts_with("mica: possible deadlock: locks are taken in a circle\n  now: thread 0x"));
  CHECK(count_of(log, " is about to take fast mutex 0x") == 1);
  CHECK(count_of(log, "  before: thread 0x") == 1);
  CHECK(count_of(log, " took fast mutex 0x") == 1);
  CHECK(count_of(log, "    while it held fast mutex 0x") == 2);
}

TEST_CASE("ke: deadlock detection without room goes on with what it knows, and says so once") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  REQUIRE(system
              .try_run([] {
                take_many(mica::ke::most_lock_classes + 100);
                take_many(mica::ke::most_known_locks + 100);
              })
              .completed());
  CHECK(count_of(system.log(), "mica: deadlock detection has no room") == 1);
  // What was freed left room for others.
  CHECK(system.try_run(cross).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001));
}

TEST_CASE("ke: deadlock detection that is begun and ended knows nothing of what was between") {
  mica::System system;
  system.run([] {
    FAST_MUTEX other;
    ExInitializeFastMutex(&other);
    for (int i = 0; i < 3; ++i) {
      mica::test::DeadlockDetection detection;
      ExAcquireFastMutex(&other);
      ExReleaseFastMutex(&other);
    }
    cross();
  });
  CHECK(system.log().empty());
}
