// The tables of deadlock detection: which locks are known where, and who holds which.
#include "ke/lock_tables.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/types.hpp"
#include "catch.hpp"
#include "ke/steps.hpp"

using namespace mica::ke;

namespace {

constexpr std::uintptr_t memory = 0x10'0000;

// Sixteen a page.
void const* lock_at(std::size_t number) {
  return reinterpret_cast<void const*>(memory + number * (mica::page_size / 16));
}

struct Held {
  LockIndex record;
  std::size_t lock;
  std::size_t owner;
  KIRQL context;
};

struct Pair {
  std::unique_ptr<LockTables> tables = std::make_unique<LockTables>();
  std::map<std::size_t, LockIndex> known;
  std::vector<Held> held;  // the last that was taken last
  LockIndex first[2] = {};

  static PKTHREAD thread(std::size_t owner) {
    return reinterpret_cast<PKTHREAD>(0x10 * (owner + 1));
  }

  void learn(std::size_t lock) {
    if (known.contains(lock)) return;
    known[lock] = tables->learn(lock_at(lock), LockKind::fast_mutex, nullptr);
    RC_ASSERT(known[lock] != 0);
    RC_ASSERT((*tables)[known[lock]].holders == 0);
    RC_ASSERT((*tables)[known[lock]].by_itself == 0);
  }

  void forget(std::size_t lock) {
    if (!known.contains(lock)) return;
    tables->forget(known.at(lock));
    known.erase(lock);
    std::erase_if(held, [&](Held const& one) { return one.lock == lock; });
  }

  void hold(std::size_t lock, std::size_t owner, KIRQL context) {
    if (!known.contains(lock)) return;
    LockIndex const record = tables->hold({.next = 0,
                                           .first = &first[owner],
                                           .place = {lock_at(lock), nullptr},
                                           .thread = thread(owner),
                                           .kind = LockKind::fast_mutex,
                                           .shared = false,
                                           .raises = false,
                                           .context = context,
                                           .level = 0,
                                           .count = 1});
    RC_ASSERT(record != 0);
    held.push_back({record, lock, owner, context});
  }

  void let_go(std::size_t number) {
    if (held.empty()) return;
    auto const one = held.begin() + static_cast<std::ptrdiff_t>(number % held.size());
    tables->let_go(one->record);
    held.erase(one);
  }

  void check() const {
    for (std::size_t lock = 0; lock < 64; ++lock) {
      auto const wanted = known.find(lock);
      RC_ASSERT(tables->find(lock_at(lock)) == (wanted == known.end() ? 0 : wanted->second));
      if (wanted != known.end())
        RC_ASSERT((*tables)[wanted->second].holders ==
                  std::count_if(held.begin(), held.end(),
                                [&](Held const& one) { return one.lock == lock; }));
      for (std::size_t owner = 0; owner < 2; ++owner) {
        bool const any = std::any_of(held.begin(), held.end(), [&](Held const& one) {
          return one.lock == lock && one.owner == owner;
        });
        LockIndex const holder = tables->find_holder(lock_at(lock), thread(owner));
        RC_ASSERT((holder != 0) == any);
        if (any) RC_ASSERT((tables->held(holder).thread == thread(owner)));
        for (KIRQL const context : {KIRQL{0}, KIRQL{2}}) {
          auto const last = std::find_if(held.rbegin(), held.rend(), [&](Held const& one) {
            return one.lock == lock && one.owner == owner && one.context == context;
          });
          RC_ASSERT(tables->find_held(first[owner], lock_at(lock), context) ==
                    (last == held.rend() ? 0 : last->record));
        }
      }
      RC_ASSERT(
          (tables->find_holder(lock_at(lock), nullptr) != 0) ==
          std::any_of(held.begin(), held.end(), [&](Held const& one) { return one.lock == lock; }));
    }
  }

  // All that a block of memory has are found, one after the other; no other.
  void forget_within(std::size_t begin, std::size_t end) {
    std::size_t const bytes =
        static_cast<std::size_t>(static_cast<std::byte const*>(lock_at(end)) -
                                 static_cast<std::byte const*>(lock_at(begin)));
    while (LockIndex const found = tables->find_within(lock_at(begin), bytes)) {
      auto const one = std::find_if(known.begin(), known.end(),
                                    [&](auto const& each) { return each.second == found; });
      RC_ASSERT(one != known.end());
      RC_ASSERT(one->first >= begin);
      RC_ASSERT(one->first < end);
      forget(one->first);
    }
    for (auto const& [lock, ignored] : known) RC_ASSERT(lock < begin || lock >= end);
  }
};

}  // namespace

TEST_CASE("ke: the tables of locks know what their model knows") {
  REQUIRE(rc::check([] {
    Pair pair;
    for (mica::Step const& step : mica::any_steps(9, 64)) {
      if (step.what < 3)
        pair.learn(step.one);
      else if (step.what < 6)
        pair.hold(step.one, step.other % 2, step.other % 4 < 2 ? 0 : 2);
      else if (step.what == 6)
        pair.let_go(step.one);
      else if (step.what == 7)
        pair.forget(step.one);
      else if (step.one < step.other)
        pair.forget_within(step.one, step.other);
      pair.check();
    }
    pair.tables->let_all_go();
    RC_ASSERT(pair.first[0] == 0);
    RC_ASSERT(pair.first[1] == 0);
  }));
}

TEST_CASE("ke: locks whose pages share a bucket are told apart") {
  auto const tables = std::make_unique<LockTables>();
  // 2048 buckets: two locks in each.
  constexpr std::size_t count = 4096;
  std::vector<LockIndex> known;
  auto const at = [](std::size_t i) { return lock_at(i * 16); };
  for (std::size_t i = 0; i < count; ++i)
    known.push_back(tables->learn(at(i), LockKind::mutant, nullptr));
  for (std::size_t i = 0; i < count; ++i) REQUIRE(tables->find(at(i)) == known[i]);
  for (std::size_t i = 0; i < count; i += 2) {
    std::size_t const gone = i < count / 2 ? i : i + 1;
    REQUIRE(tables->find_within(at(gone), 1) == known[gone]);
    tables->forget(known[gone]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    bool const gone = i % 2 == (i < count / 2 ? 0 : 1);
    REQUIRE(tables->find(at(i)) == (gone ? LockIndex{0} : known[i]));
  }
}

TEST_CASE("ke: a lock behind a block of memory is not in it") {
  auto const tables = std::make_unique<LockTables>();
  auto const* const words = static_cast<std::uint64_t const*>(lock_at(0));
  LockIndex const first = tables->learn(&words[0], LockKind::spin_lock, nullptr);
  LockIndex const second = tables->learn(&words[1], LockKind::spin_lock, nullptr);
  CHECK(tables->find_within(&words[0], 8) == first);
  CHECK(tables->find_within(&words[1], 8) == second);
  tables->forget(first);
  CHECK(tables->find_within(&words[0], 8) == 0);
}

TEST_CASE("ke: two locks stand for themselves, and for the places where they were initialised") {
  auto const tables = std::make_unique<LockTables>();
  void const *const here = lock_at(100), *const there = lock_at(101);
  LockIndex const one = tables->learn(lock_at(0), LockKind::mutant, here);
  LockIndex const other = tables->learn(lock_at(1), LockKind::mutant, here);
  LockIndex const third = tables->learn(lock_at(2), LockKind::resource, there);
  LockIndex const bare = tables->learn(lock_at(3), LockKind::push_lock, nullptr);
  LockGraph& graph = tables->graph;
  CHECK((*tables)[one].by_place == (*tables)[other].by_place);
  CHECK(graph.find(here, true) == (*tables)[one].by_place);
  static_cast<void>((*tables)[one].levels.note_held({lock_at(0), here}, 1));

  auto const own = tables->own_classes(one, other);
  CHECK(own.outer == graph.find(lock_at(0), false));
  CHECK(own.inner == graph.find(lock_at(1), false));
  CHECK(own.outer != own.inner);
  CHECK(graph[own.outer].levels.open_to(2));
  CHECK_FALSE(graph[own.inner].levels.open_to(2));
  CHECK(tables->own_classes(one, other).outer == own.outer);

  CHECK(tables->place_classes(one, other).outer == 0);  // both have the same
  CHECK(tables->place_classes(one, other).inner == 0);
  auto const places = tables->place_classes(one, third);
  CHECK(places.outer == graph.find(here, true));
  CHECK(places.inner == graph.find(there, true));
  auto const from_bare = tables->place_classes(bare, third);
  CHECK(from_bare.outer == graph.find(lock_at(3), false));
  CHECK(from_bare.outer != 0);
  CHECK(from_bare.inner == places.inner);
  auto const to_bare = tables->place_classes(third, bare);
  CHECK(to_bare.outer == places.inner);
  CHECK(to_bare.inner == from_bare.outer);

  tables->forget(one);
  CHECK(graph.find(lock_at(0), false) == 0);
  CHECK(graph.find(here, true) == places.outer);
  CHECK_FALSE(tables->full_now());
}

TEST_CASE("ke: tables of locks that are full say so once, whichever of them it is") {
  SECTION("locks") {
    auto const tables = std::make_unique<LockTables>();
    for (std::size_t i = 0; i < most_known_locks; ++i)
      REQUIRE(tables->learn(lock_at(i), LockKind::spin_lock, nullptr) != 0);
    CHECK_FALSE(tables->full_now());
    // Beside one that is known.
    auto const* const beside = static_cast<std::byte const*>(lock_at(5)) + 8;
    CHECK(tables->learn(beside, LockKind::spin_lock, nullptr) == 0);
    CHECK(tables->full_now());
    CHECK(tables->learn(lock_at(most_known_locks), LockKind::spin_lock, nullptr) == 0);
    CHECK_FALSE(tables->full_now());
    for (std::size_t i = 0; i < most_known_locks; ++i) REQUIRE(tables->find(lock_at(i)) != 0);
  }
  SECTION("places") {
    auto const tables = std::make_unique<LockTables>();
    for (std::size_t i = 0; i <= most_lock_classes; ++i) {
      LockIndex const known = tables->learn(lock_at(i), LockKind::spin_lock, lock_at(10'000 + i));
      REQUIRE(((*tables)[known].by_place != 0) == (i < most_lock_classes));
    }
    CHECK(tables->full_now());
  }
  SECTION("classes of their own") {
    auto const tables = std::make_unique<LockTables>();
    LockIndex const first = tables->learn(lock_at(0), LockKind::spin_lock, nullptr);
    for (std::size_t i = 1; i <= most_lock_classes; ++i) {
      LockIndex const known = tables->learn(lock_at(i), LockKind::spin_lock, nullptr);
      REQUIRE((tables->own_classes(first, known).inner != 0) == (i < most_lock_classes));
    }
    CHECK(tables->full_now());
  }
  SECTION("those that are held") {
    auto const tables = std::make_unique<LockTables>();
    LockIndex first = 0;
    REQUIRE(tables->learn(lock_at(0), LockKind::mutant, nullptr) != 0);
    HeldLock const held{.next = 0,
                        .first = &first,
                        .place = {lock_at(0), nullptr},
                        .thread = nullptr,
                        .kind = LockKind::mutant,
                        .shared = false,
                        .raises = false,
                        .context = 0,
                        .level = 0,
                        .count = 1};
    for (std::size_t i = 0; i < most_held_locks; ++i) REQUIRE(tables->hold(held) != 0);
    CHECK_FALSE(tables->full_now());
    LockIndex const last = first;
    CHECK(tables->hold(held) == 0);
    CHECK(first == last);
    CHECK(tables->full_now());
    tables->let_go(first);
    CHECK(tables->hold(held) != 0);
  }
}
