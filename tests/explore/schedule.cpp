// The names of schedules: what a replay line says.
#include "rig.hpp"

using mica::explore::Schedule;

TEST_CASE("Explore: a schedule reads back from its text") {
  for (Schedule const& schedule :
       {Schedule::random(7), Schedule::pct(123456789, 3, 842), Schedule::steps({}),
        Schedule::steps({{0, 1}}), Schedule::steps({{17, 1}, {203, 2}})}) {
    INFO(schedule.text());
    CHECK(Schedule::parse(schedule.text()) == schedule);
  }
  CHECK(Schedule::random(7).text() == "random:7");
  CHECK(Schedule::pct(9, 2, 842).text() == "pct2.842:9");
  CHECK(Schedule::steps({{17, 1}, {203, 2}}).text() == "steps:17=1,203=2");
  for (char const* wrong :
       {"", "random", "random:", "random:x", "random:1x", "pct:1", "pct2:1", "pct2.:1", "dfs:1",
        "steps", "steps:1", "steps:1=", "steps:1=2,", "steps:2=1,1=1", "steps:1=1 "})
    CHECK_FALSE(Schedule::parse(wrong).has_value());
}
