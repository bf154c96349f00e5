// Reports of recorded failures: small planted bugs whose story is known.
#include "explore/report.hpp"

#include <algorithm>

#include "explore/minimise.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

// Whoever comes after the event was cleared again waits for ever.
void lost_wake(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  window.name(&event, "event");
  auto waiter = [&] { wait(&event); };
  auto setter = [&] {
    KeSetEvent(&event, 0, FALSE);
    KeClearEvent(&event);
  };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(setter, {.processor = 1});
  window.name(team.thread(0), "waiter");
  team.run();
}

// Two count without a lock.
void unlocked(Window& window) {
  int counter = 0;
  window.name(&counter, "counter");
  auto count = [&] { ++counter; };
  Team team{window};
  meet(team, count, count);
}

Story story_of(char const* id, void (*body)(Window& window), Verdict verdict) {
  Scenario const scenario{.processors = 2, .body = body};
  Report const report = explore(scenario, 2000);
  REQUIRE(report.failed.has_value());
  REQUIRE(report.execution.verdict == verdict);
  Minimum const minimum = minimise(scenario, *report.failed, verdict, 2000);
  Recording const recording = record(scenario, minimum.schedule);
  CHECK(recording.execution.verdict == verdict);
  static_cast<void>(saved({id, scenario}, minimum.schedule, Settings::from_environment()));
  return tell(recording, id);
}

std::size_t wrong_ones(Story const& story) {
  return static_cast<std::size_t>(std::count_if(story.moments.begin(), story.moments.end(),
                                                [](Moment const& m) { return m.wrong; }));
}

bool says(std::string const& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("Report: a race marks both accesses, by name and place") {
  Story const story = story_of("unlocked", unlocked, Verdict::race);
  std::string const text = report_text(story);
  INFO(text);
  CHECK(wrong_ones(story) == 2);
  for (Moment const& moment : story.moments)
    if (moment.wrong) {
      CHECK(says(moment.what, "'counter'"));
      CHECK(says(moment.place, "tests/explore/report.cpp:"));
    }
  CHECK(says(text, "MICA_REPLAY=unlocked:steps:"));
}

TEST_CASE("Report: a lost wake-up marks where its waiter began to wait") {
  Story const story = story_of("lost-wake", lost_wake, Verdict::deadlock);
  std::string const text = report_text(story);
  INFO(text);
  bool waiter_marked = false;
  for (Moment const& moment : story.moments) {
    if (!moment.wrong) continue;
    CHECK(moment.note == "waits");
    waiter_marked |= says(moment.who, "'waiter'");
  }
  CHECK(waiter_marked);
  CHECK(says(text, "update 'event' 0x0 -> 0x80, acquire [takes the lock] ke::lock_object"));
  CHECK(says(text, "[wakes thread 4 'waiter']"));
  CHECK(says(text, "for the notification event 'event' at"));
}

TEST_CASE("Report: lock holds end on the processor they began on, arrows lead onwards") {
  Story const story = story_of("lost-wake", lost_wake, Verdict::deadlock);
  REQUIRE_FALSE(story.holds.empty());
  for (Hold const& hold : story.holds) {
    CHECK(hold.from < hold.to);
    CHECK(story.moments[hold.from].processor == story.moments[hold.to].processor);
    CHECK(story.moments[hold.to].note == "leaves the lock");
  }
  REQUIRE_FALSE(story.arrows.empty());
  for (Arrow const& arrow : story.arrows) CHECK(arrow.from < arrow.to);
}
