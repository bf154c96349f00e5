// The names of schedules: what a replay line says.
#include "rig.hpp"

using mica::explore::Schedule;

TEST_CASE("Explore: a schedule reads back from its text") {
  for (Schedule const schedule : {Schedule{7, 0, 0}, Schedule{123456789, 3, 842}}) {
    auto const read = Schedule::parse(schedule.text());
    REQUIRE(read.has_value());
    CHECK(read->seed == schedule.seed);
    CHECK(read->depth == schedule.depth);
    CHECK(read->length == schedule.length);
  }
  CHECK(Schedule{7, 0, 0}.text() == "random:7");
  CHECK(Schedule{9, 2, 842}.text() == "pct2.842:9");
  for (char const* wrong :
       {"", "random", "random:", "random:x", "random:1x", "pct:1", "pct2:1", "pct2.:1", "dfs:1"})
    CHECK_FALSE(Schedule::parse(wrong).has_value());
}
