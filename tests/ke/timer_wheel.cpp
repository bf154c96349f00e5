// The timer wheel against a sorted multimap: what is due, in which order, and that `next` is never
// late.
#include "ke/timer_wheel.hpp"

#include <rapidcheck.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "catch.hpp"

using mica::ke::Due;
using mica::ke::no_tick;
using mica::ke::Tick;
using mica::ke::TimerWheel;

namespace {

// The wheel alone, in one thread: nobody takes its lock.
struct Pair {
  std::unique_ptr<TimerWheel> wheel = std::make_unique<TimerWheel>();
  std::multimap<Tick, KTIMER*> model;  // equal ticks in the order of their inserts
  std::deque<KTIMER> timers;
  Tick now = 0;

  explicit Pair(Tick start) MICA_NO_ANALYSIS : now{start} { wheel->start(start); }

  void insert(Tick delay) MICA_NO_ANALYSIS {
    Tick const due = now + 1 + delay;
    KTIMER& timer = timers.emplace_back();
    timer.DueTime.QuadPart = due;
    timer.Dpc = reinterpret_cast<KDPC*>(timers.size());
    RC_ASSERT(!wheel->contains(timer));
    wheel->insert(timer, due);
    RC_ASSERT(TimerWheel::linked(timer));
    model.emplace(due, &timer);
  }

  void remove(std::size_t index) MICA_NO_ANALYSIS {
    if (model.empty()) return;
    auto const victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(index % model.size()));
    wheel->remove(*victim->second);
    RC_ASSERT(!TimerWheel::linked(*victim->second));
    model.erase(victim);
  }

  void advance(Tick by) MICA_NO_ANALYSIS {
    now += by;
    while (KTIMER* const timer = wheel->take_due(now)) {
      RC_ASSERT(!model.empty());
      RC_ASSERT(model.begin()->second == timer);
      RC_ASSERT(model.begin()->first <= now);
      RC_ASSERT(!TimerWheel::linked(*timer));
      model.erase(model.begin());
    }
    RC_ASSERT(model.empty() || model.begin()->first > now);
  }

  void check() MICA_NO_ANALYSIS {
    RC_ASSERT(wheel->pending() == model.size());
    std::set<KTIMER const*> pending;
    for (auto const& [ignored, timer] : model) pending.insert(timer);
    for (KTIMER const& timer : timers) {
      RC_ASSERT(wheel->contains(timer) == pending.contains(&timer));
      RC_ASSERT(wheel->names(timer.Dpc) == pending.contains(&timer));
    }
    if (model.empty())
      RC_ASSERT(wheel->next() == no_tick);
    else
      RC_ASSERT(wheel->next() <= model.begin()->first);
  }
};

// Delays of every magnitude, so that every level is met.
rc::Gen<Tick> delays() {
  return rc::gen::apply([](Tick value, int shift) { return value >> shift; },
                        rc::gen::arbitrary<Tick>(), rc::gen::inRange(16, 64));
}

struct Step {
  int what;
  Tick amount;
};

void showValue(Step const& step, std::ostream& out) {
  out << step.what << ':' << step.amount;
}

}  // namespace

TEST_CASE("ke: a timer wheel is a sorted multimap") {
  CHECK(rc::check([] {
    auto const start = *delays();
    auto const steps = *rc::gen::container<std::vector<Step>>(rc::gen::apply(
        [](int what, Tick amount) {
          return Step{what, amount};
        },
        rc::gen::inRange(0, 8), delays()));
    Pair pair{start};
    for (Step const& step : steps) {
      if (step.what < 4)
        pair.insert(step.amount);
      else if (step.what < 6)
        pair.remove(step.amount);
      else
        pair.advance(step.amount);
      pair.check();
    }
    pair.advance(Tick{1} << 50);
    RC_ASSERT(pair.wheel->pending() == 0u);
  }));
}

TEST_CASE("ke: a wheel at rest needs few interrupts to reach a far timer") MICA_NO_ANALYSIS {
  auto wheel = std::make_unique<TimerWheel>();
  wheel->start(123'456'789);
  KTIMER timer{};
  Tick const due = 123'456'789 + 1'000'000'000;
  wheel->insert(timer, due);
  int interrupts = 0;
  KTIMER* taken = nullptr;
  while (taken == nullptr) {
    REQUIRE(wheel->next() <= due);
    taken = wheel->take_due(wheel->next());
    REQUIRE(++interrupts < 10);
  }
  CHECK(taken == &timer);
}

TEST_CASE("ke: a wheel that cascades early says when it is wanted again") MICA_NO_ANALYSIS {
  auto wheel = std::make_unique<TimerWheel>();
  wheel->start(1'000);
  KTIMER near{}, far{};
  wheel->insert(near, 1'001);
  wheel->insert(far, 1'000'000);
  CHECK(wheel->take_due(1'001) == &near);
  // From here next() is the first tick of the far one's slot, and moves on once that was looked at.
  int interrupts = 0;
  KTIMER* taken = nullptr;
  while (taken == nullptr) {
    REQUIRE(wheel->next() <= 1'000'000);
    taken = wheel->take_due(wheel->next());
    REQUIRE(++interrupts < 10);
  }
  CHECK(taken == &far);
}

TEST_CASE("ke: a due time that moves with the clock is as exact as one that did not") {
  constexpr std::uint32_t unit = 10'000;
  auto const up_to = [](std::uint64_t time) { return time / unit + (time % unit != 0 ? 1 : 0); };
  REQUIRE(rc::check([&](std::uint32_t due_100ns, std::vector<std::int32_t> const& adjustments) {
    auto const early = [&](std::uint64_t time) { return up_to(time) * unit - time; };
    std::uint64_t const due = due_100ns;
    Due moving{up_to(due), true, static_cast<std::uint16_t>(early(due)), 0};
    for (std::int64_t const adjustment : adjustments) {
      if (adjustment > static_cast<std::int64_t>(due)) continue;  // over: nothing moves it back
      std::uint64_t const there = due - static_cast<std::uint64_t>(adjustment);
      moving = moving.moved(static_cast<std::uint64_t>(adjustment), unit);
      RC_ASSERT(moving.absolute);
      RC_ASSERT(moving.tick == up_to(there));
      RC_ASSERT(moving.early_100ns == early(there));
    }
    Due const over = moving.moved(due + 1, unit);
    RC_ASSERT(over.absolute && over.tick == 0 && over.early_100ns == 0);
  }));
}

TEST_CASE("ke: a timer that moves twice by less than a tick is as exact as one that moves once") {
  constexpr std::uint32_t unit = 10'000;
  auto wheel = std::make_unique<TimerWheel>();
  [&]() MICA_NO_ANALYSIS {
    KTIMER timer{};
    wheel->start(0);
    wheel->insert(timer, Due::after_start(10 * unit + 5'000, 0, unit), unit);
    for (std::uint64_t const adjustment : {3'000, 5'000}) wheel->adjust(adjustment, unit);
    CHECK(wheel->take_due(9) == nullptr);
    CHECK(wheel->take_due(10) == &timer);
  }();
}

TEST_CASE("ke: an absolute timer beyond the wheel's span moves with the clock") MICA_NO_ANALYSIS {
  constexpr std::uint32_t unit = 10'000;
  constexpr Tick due = Tick{1} << 40;
  auto wheel = std::make_unique<TimerWheel>();
  wheel->start(0);
  KTIMER absolute{}, relative{};
  wheel->insert(absolute, {due, true, 0, 0}, unit);
  wheel->insert(relative, {due, false, 0, 0}, unit);
  wheel->adjust((due - 100) * unit, unit);
  CHECK(wheel->take_due(99) == nullptr);
  CHECK(wheel->take_due(100) == &absolute);
  CHECK(wheel->take_due(due - 1) == nullptr);
  CHECK(wheel->take_due(due) == &relative);
}

TEST_CASE(
    "ke: an adjusted wheel has its absolute timers at their new ticks, the others at theirs") {
  constexpr std::uint32_t unit = 10'000;
  REQUIRE(rc::check([](std::vector<std::pair<bool, std::uint64_t>> const& wanted,
                       std::int32_t ticks) MICA_NO_ANALYSIS {
    auto wheel = std::make_unique<TimerWheel>();
    constexpr Tick start = Tick{1} << 40;
    wheel->start(start);
    std::deque<KTIMER> timers;
    std::map<KTIMER*, Tick> expected;
    std::int64_t const by = ticks;
    for (auto const& [absolute, random] : wanted) {
      Tick const due = start + 1 + random % (Tick{1} << (random >> 58) % 49);
      KTIMER& timer = timers.emplace_back();
      wheel->insert(timer, {due, absolute, 0, 0}, unit);
      expected[&timer] = absolute ? due - static_cast<Tick>(by) : due;
    }
    wheel->adjust(static_cast<std::uint64_t>(by * unit), unit);
    RC_ASSERT(wheel->pending() == expected.size());
    // What is linked afterwards was reckoned with the old adjustment, or with the new one.
    KTIMER &before = timers.emplace_back(), &after = timers.emplace_back();
    Tick const late = start + (Tick{1} << 33);
    wheel->insert(before, {late, true, 0, 0}, unit);
    wheel->insert(after, {late, true, 0, static_cast<std::uint64_t>(by * unit)}, unit);
    expected[&before] = late - static_cast<Tick>(by);
    expected[&after] = late;
    Tick now = start;
    while (!expected.empty()) {
      RC_ASSERT(wheel->next() != no_tick);
      now = std::max(now, wheel->next());
      while (KTIMER* const timer = wheel->take_due(now)) {
        auto const due = std::max(expected.at(timer), start);
        RC_ASSERT(due <= now);
        expected.erase(timer);
      }
      for (auto const& [timer, due] : expected) RC_ASSERT(due > now);
    }
    RC_ASSERT(wheel->pending() == 0u);
  }));
}
