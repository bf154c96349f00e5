// Deadlock detection as a System's configuration asks for it, what it prints, and full tables.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <nt/ex.h>
#include <nt/ps.h>

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "conformance/support.hpp"
#include "ke/lock_checks.hpp"
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

// `count` spin locks, each a class of its own, and `partners` mutexes: each lock taken inside each
// mutex, or outside a spin lock of which there is one.
void take_many(std::size_t count, int partners, bool inside = true) {
  auto* const locks = static_cast<EX_SPIN_LOCK*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(EX_SPIN_LOCK), 'kcoL'));
  MICA_REQUIRE(locks != nullptr);
  std::vector<FAST_MUTEX> mutexes(static_cast<std::size_t>(partners));
  for (FAST_MUTEX& mutex : mutexes) ExInitializeFastMutex(&mutex);
  KSPIN_LOCK inner;
  KeInitializeSpinLock(&inner);
  for (std::size_t i = 0; i < count; ++i)
    for (FAST_MUTEX& mutex : mutexes) {
      if (inside) ExAcquireFastMutex(&mutex);
      KIRQL const old = ExAcquireSpinLockShared(&locks[i]);
      if (!inside) {
        KeAcquireSpinLockAtDpcLevel(&inner);
        KeReleaseSpinLockFromDpcLevel(&inner);
      }
      ExReleaseSpinLockShared(&locks[i], old);
      if (inside) ExReleaseFastMutex(&mutex);
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
  using Fill = void (*)();
  Fill const fills[] = {
      [] { take_many(mica::ke::most_lock_classes - 100, 3); },
      [] {
        take_many(mica::ke::most_lock_classes + 100, 1, false);
        take_many(mica::ke::most_known_locks + 100, 1);
      },
  };
  for (Fill const fill : fills) {
    mica::System system{{.verifier = mica::Verifier::standard}};
    REQUIRE(system.try_run(fill).completed());
    CHECK(count_of(system.log(), "mica: deadlock detection has no room") == 1);
    // What was freed left room for others.
    CHECK(system.try_run(cross).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001));
  }
}

TEST_CASE("ke: locks that found no room in deadlock detection close no circle") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  auto body = [] {
    auto* const late = static_cast<EX_SPIN_LOCK*>(
        ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * sizeof(EX_SPIN_LOCK), 'kcoL'));
    KSPIN_LOCK first, second;
    KeInitializeSpinLock(&first);
    KeInitializeSpinLock(&second);
    // Both have classes of their own.
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    for (KSPIN_LOCK* const lock : {&first, &second})
      KeReleaseSpinLock(lock, KeAcquireSpinLockRaiseToDpc(lock));
    ExReleaseFastMutex(&mutex);
    constexpr std::size_t count = mica::ke::most_lock_classes;
    auto* const many = static_cast<EX_SPIN_LOCK*>(
        ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(EX_SPIN_LOCK), 'kcoL'));
    for (std::size_t i = 0; i < count; ++i) {
      ExAcquireFastMutex(&mutex);
      ExReleaseSpinLockShared(&many[i], ExAcquireSpinLockShared(&many[i]));
      ExReleaseFastMutex(&mutex);
    }
    // One late lock inside the first, the other outside the second.
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&first);
    ExAcquireSpinLockExclusiveAtDpcLevel(&late[0]);
    ExReleaseSpinLockExclusiveFromDpcLevel(&late[0]);
    KeReleaseSpinLock(&first, old);
    old = ExAcquireSpinLockExclusive(&late[1]);
    KeAcquireSpinLockAtDpcLevel(&second);
    KeReleaseSpinLockFromDpcLevel(&second);
    ExReleaseSpinLockExclusive(&late[1], old);
    ExFreePool(late);
    old = KeAcquireSpinLockRaiseToDpc(&second);
    KeAcquireSpinLockAtDpcLevel(&first);
    KeReleaseSpinLockFromDpcLevel(&first);
    KeReleaseSpinLock(&second, old);
    ExFreePool(many);
  };
  CHECK(system.try_run(body).completed());
}

TEST_CASE("ke: what is done again and again needs no room in deadlock detection") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  auto repeat = [] {
    FAST_MUTEX first, second;
    ExInitializeFastMutex(&first);
    ExInitializeFastMutex(&second);
    for (std::size_t i = 0; i < mica::ke::most_lock_edges + 100; ++i) {
      ExAcquireFastMutex(&first);
      ExAcquireFastMutex(&second);
      ExReleaseFastMutex(&second);
      ExReleaseFastMutex(&first);
    }
  };
  CHECK(system.try_run(repeat).completed());
  CHECK(system.log().empty());
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

// A processor may have seen that detection is on, and look when its tables are gone.
TEST_CASE("ke: what deadlock detection is told after its end is nothing") {
  mica::System system;
  auto body = [] {
    mica::ke::current().checks_locks = true;
    FAST_MUTEX first, second;
    ExInitializeFastMutex(&first);
    ExInitializeFastMutex(&second);
    for (FAST_MUTEX* const outer : {&first, &second}) {
      ExAcquireFastMutex(outer);
      FAST_MUTEX* const inner = outer == &first ? &second : &first;
      ExAcquireFastMutex(inner);
      ExReleaseFastMutex(inner);
      ExReleaseFastMutex(outer);
    }
    ERESOURCE resource{};
    static_cast<void>(ExInitializeResourceLite(&resource));
    ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
    ExConvertExclusiveToSharedLite(&resource);
    ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    PVOID const owner = reinterpret_cast<PVOID>(reinterpret_cast<ULONG_PTR>(&resource) | 3);
    ExSetResourceOwnerPointer(&resource, owner);
    ExReleaseResourceForThreadLite(&resource, reinterpret_cast<ERESOURCE_THREAD>(owner));
    KeLeaveCriticalRegion();
    static_cast<void>(ExDeleteResourceLite(&resource));
    ExFreePool(ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'kcoL'));
    mica::test::join(mica::test::start([](void*) {}, nullptr, {.processor = 0}));
    mica::test::Bugcheck const end = mica::test::bugcheck_of([] { KeBugCheck(0xE2); });
    MICA_CHECK(end.happened && end.code == 0xE2);
    mica::ke::current().checks_locks = false;
  };
  CHECK(system.try_run(body).completed());
  CHECK(system.log().find("mica:") == std::string_view::npos);
}

namespace {

// What was said, up to the bugcheck: the addresses of `things` by their names, others as "#".
std::string told(mica::System& system, std::map<void const*, std::string> const& things) {
  std::string const log{system.log().substr(0, system.log().find("\n*** STOP"))};
  std::string text;
  for (std::size_t at = 0; at < log.size();) {
    if (log.compare(at, 2, "0x") != 0) {
      text += log[at++];
      continue;
    }
    std::size_t const end = std::min(log.find_first_not_of("0123456789ABCDEF", at + 2), log.size());
    std::uint64_t const value = std::stoull(log.substr(at, end - at), nullptr, 16);
    auto const thing = things.find(reinterpret_cast<void const*>(value));
    text += thing == things.end() ? "#" : thing->second;
    at = end;
  }
  return text;
}

struct Kinds {
  KSPIN_LOCK spin;
  EX_SPIN_LOCK shared;
  KMUTEX mutex;
  ERESOURCE resource;
  EX_PUSH_LOCK push;
  KLOCK_QUEUE_HANDLE handle, other;
};

struct Misuse {
  char const* words;
  char const* kind;
  void (*body)(Kinds& kinds);
  std::size_t lock;  // its place in Kinds
  char const* held_as = nullptr;
};

constexpr Misuse misuses[] = {
    {"a thread waits for a lock that it holds itself", "queued spin lock",
     [](Kinds& kinds) {
       KeAcquireInStackQueuedSpinLock(&kinds.spin, &kinds.handle);
       KeAcquireInStackQueuedSpinLockAtDpcLevel(&kinds.spin, &kinds.other);
     },
     offsetof(Kinds, spin)},
    {"a thread waits for a lock that it holds itself", "reader-writer spin lock",
     [](Kinds& kinds) {
       static_cast<void>(ExAcquireSpinLockExclusive(&kinds.shared));
       ExAcquireSpinLockSharedAtDpcLevel(&kinds.shared);
     },
     offsetof(Kinds, shared)},
    {"a lock is initialised while somebody holds it", "spin lock",
     [](Kinds& kinds) {
       static_cast<void>(KeAcquireSpinLockRaiseToDpc(&kinds.spin));
       KeInitializeSpinLock(&kinds.spin);
     },
     offsetof(Kinds, spin)},
    {"a lock is initialised while somebody holds it", "mutex",
     [](Kinds& kinds) {
       static_cast<void>(mica::test::wait(&kinds.mutex));
       KeInitializeMutex(&kinds.mutex, 0);
     },
     offsetof(Kinds, mutex)},
    {"a thread ends and holds a lock", "resource",
     [](Kinds& kinds) {
       ExEnterCriticalRegionAndAcquireResourceExclusive(&kinds.resource);
       KeLeaveCriticalRegion();
       static_cast<void>(PsTerminateSystemThread(STATUS_SUCCESS));
     },
     offsetof(Kinds, resource)},
    {"a lock's memory is freed while somebody holds it", "push lock",
     [](Kinds& kinds) {
       static_cast<void>(ExDeleteResourceLite(&kinds.resource));
       KeEnterCriticalRegion();
       ExAcquirePushLockExclusiveEx(&kinds.push, 0);
       ExFreePool(&kinds);
     },
     offsetof(Kinds, push)},
    {"a lock is taken as one kind while it is held as another", "spin lock",
     [](Kinds& kinds) {
       KeAcquireInStackQueuedSpinLock(&kinds.spin, &kinds.handle);
       KeAcquireSpinLockAtDpcLevel(&kinds.spin);
     },
     offsetof(Kinds, spin), "queued spin lock"},
    {"a lock is released as another kind than it was taken as", "spin lock",
     [](Kinds& kinds) {
       KeAcquireInStackQueuedSpinLock(&kinds.spin, &kinds.handle);
       KeReleaseSpinLockFromDpcLevel(&kinds.spin);
     },
     offsetof(Kinds, spin), "queued spin lock"},
};

}  // namespace

TEST_CASE(
    "ke: deadlock detection says which kind of lock was misused how, and where it was taken") {
  for (Misuse const& one : misuses) {
    mica::System system{{.verifier = mica::Verifier::standard}};
    char* kinds = nullptr;
    auto body = [&] {
      kinds = static_cast<char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Kinds), 'kcoL'));
      auto& made = *::new (kinds) Kinds{};
      KeInitializeMutex(&made.mutex, 0);
      static_cast<void>(ExInitializeResourceLite(&made.resource));
      one.body(made);
    };
    CHECK(system.try_run(body).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION));
    CHECK(told(system, {{kinds + one.lock, "LOCK"}}) ==
          std::string{"mica: "} + one.words + "\n  about " + one.kind + " LOCK at #\n  held: " +
              (one.held_as == nullptr ? one.kind : one.held_as) + " LOCK at #");
  }
}

TEST_CASE("ke: deadlock detection says which lock a release would leave at a level too low") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  KSPIN_LOCK first, second;
  auto body = [&] {
    KeInitializeSpinLock(&first);
    KeInitializeSpinLock(&second);
    KIRQL const old = KeAcquireSpinLockRaiseToDpc(&first);
    KeAcquireSpinLockAtDpcLevel(&second);
    KeReleaseSpinLock(&first, old);
  };
  CHECK(system.try_run(body).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1003));
  CHECK(told(system, {{&first, "FIRST"}, {&second, "SECOND"}}) ==
        "mica: a lock is released, and the IRQL with it, before one that was taken later\n"
        "  about spin lock FIRST at #\n"
        "  held: spin lock SECOND at #");
}

TEST_CASE("ke: deadlock detection says which interrupt's lock is held where it may come") {
  mica::System system{{.verifier = mica::Verifier::standard}};
  static EX_SPIN_LOCK first = 0;
  KSPIN_LOCK second;
  KLOCK_QUEUE_HANDLE handle;
  auto body = [&] {
    KeInitializeSpinLock(&second);
    KDPC dpc;
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
          ExAcquireSpinLockSharedAtDpcLevel(&first);
          ExReleaseSpinLockSharedFromDpcLevel(&first);
        },
        nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
    static_cast<void>(ExAcquireSpinLockExclusive(&first));
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&second, &handle);
    KeLowerIrql(APC_LEVEL);
  };
  CHECK(system.try_run(body).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x4D43'0001));
  CHECK(told(system, {{const_cast<LONG*>(&first), "FIRST"}, {&second, "SECOND"}}) ==
        "mica: possible deadlock: an interrupt takes a lock that may be held by what it "
        "interrupts\n"
        "  taken by an interrupt from IRQL 2: reader-writer spin lock FIRST at #\n"
        "  before: thread # took queued spin lock SECOND at #\n"
        "    while it held reader-writer spin lock FIRST at #\n"
        "  held at IRQL 1: queued spin lock SECOND at #");
}

TEST_CASE("ke: deadlock detection tells a circle of locks step by step, as far as there is room") {
  for (std::size_t const count : {3, 8, 10}) {
    mica::System system{{.verifier = mica::Verifier::standard}};
    std::vector<FAST_MUTEX> mutexes(count);
    auto body = [&] {
      for (FAST_MUTEX& mutex : mutexes) ExInitializeFastMutex(&mutex);
      for (std::size_t i = 0; i < count; ++i) {
        ExAcquireFastMutex(&mutexes[i]);
        ExAcquireFastMutex(&mutexes[(i + 1) % count]);
        ExReleaseFastMutex(&mutexes[(i + 1) % count]);
        ExReleaseFastMutex(&mutexes[i]);
      }
    };
    CHECK(system.try_run(body).is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001));
    std::map<void const*, std::string> names;
    for (std::size_t i = 0; i < count; ++i) names[&mutexes[i]] = "M" + std::to_string(i);
    std::string wanted = "mica: possible deadlock: locks are taken in a circle";
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 8); ++i)
      wanted += (i == 0 ? "\n  now: thread # is about to take fast mutex M"
                        : "\n  before: thread # took fast mutex M") +
                std::to_string((count - i) % count) + " at #\n    while it held fast mutex M" +
                std::to_string(count - i - 1) + " at #";
    if (count > 8) wanted += "\n  and " + std::to_string(count - 8) + " more";
    CHECK(told(system, names) == wanted);
  }
}
