// What the environment may say, and lines of JSON.
#include "explore/settings.hpp"

#include "catch.hpp"
#include "explore/json.hpp"

using namespace mica::explore;

TEST_CASE("Settings: every key has its value") {
  Settings const settings = Settings::parse(
      " name=W1-event strategy=depth-first preemptions=3  memory=x86 executions=10 distinct=5 "
      "seconds=1.5 seed=9 shard=2/4 checkpoint=a/b progress=7 races=0 list=1\n");
  CHECK(settings.name == "W1-event");
  CHECK(settings.method == Method::depth_first);
  CHECK(settings.preemptions == 3);
  CHECK(settings.memory == MemoryModel::x86);
  CHECK(settings.executions == 10);
  CHECK(settings.distinct == 5);
  CHECK(settings.time == std::chrono::milliseconds{1500});
  CHECK(settings.seed == 9);
  CHECK(settings.shard == Shard{2, 4});
  CHECK(settings.checkpoint == "a/b");
  CHECK(settings.progress == "7");
  CHECK(settings.races == false);
  CHECK(settings.list);
  CHECK_FALSE(settings.unlimited());
  CHECK(settings.concerns("W1-event"));
  CHECK_FALSE(settings.concerns("W1"));
  CHECK(Settings::parse("").unlimited());
  CHECK(Settings::parse("").concerns("anything"));
}

TEST_CASE("Settings: what is wrong is named") {
  for (auto const& [text, named] : std::initializer_list<std::pair<char const*, char const*>>{
           {"naem=x", "'naem=x' is wrong: there is no such key"},
           {"name", "'name' is no key=value"},
           {"seed=1 seed=2", "'seed=2' is wrong: the key stands there twice"},
           {"strategy=luck", "'strategy=luck' is wrong: it is one of seeded, random,"},
           {"preemptions=-1", "'preemptions=-1' is wrong: a number is wanted"},
           {"executions=0", "'executions=0' is wrong: a number from 1 on is wanted"},
           {"seconds=2x", "'seconds=2x' is wrong: seconds are wanted"},
           {"seconds=nan", "'seconds=nan' is wrong: seconds are wanted"},
           {"shard=5/4", "'shard=5/4' is wrong: there is no such part"},
           {"races=yes", "'races=yes' is wrong: 0 or 1 is wanted"},
           {"memory=weak", "'memory=weak' is wrong: it is one of sequential,"},
           {"name=", "'name=' is wrong: a value is missing"}}) {
    INFO(text);
    CHECK_THROWS_WITH(Settings::parse(text), Catch::Contains(named));
  }
}

TEST_CASE("Settings: a replay line concerns the exploration that it names") {
  Settings settings;
  settings.replay = "W1-event:steps:3=1,9=0";
  CHECK(settings.concerns("W1-event"));
  CHECK_FALSE(settings.concerns("W1"));
  CHECK_FALSE(settings.concerns("W1-event:steps"));
  CHECK(settings.replayed() == "steps:3=1,9=0");
}

TEST_CASE("Json: any text is a string of it") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("a\"b\\c\nd\te") == R"("a\"b\\c\nd\u0009e")");
  CHECK(quoted("gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xA7") == "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xA7\"");
  CHECK(quoted("\xFF \xC3 \xC0\x80 \xED\xA0\x80") == "\"? ? ?? ???\"");
  CHECK(quoted(std::string_view{"\0", 1}) == R"("\u0000")");
}
