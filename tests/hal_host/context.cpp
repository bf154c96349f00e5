// Switching between contexts: what is saved when, and the violations that a switch can be.
#include <cfenv>
#include <stdexcept>

#include "rig.hpp"

using namespace mica;
using namespace mica::hal_host_test;

namespace {

struct Pair {
  Machine::Context main{}, other{};
  std::function<void()> other_body;
};

void NTAPI run_other(void* argument) {
  Pair& pair = *static_cast<Pair*>(argument);
  pair.other_body();
  Machine::switch_context(pair.other, pair.main);
  __builtin_trap();
}

}  // namespace

TEST_CASE("a context runs on its stack and comes back", "[hal_host]") {
  Rig rig{{}};
  Pair pair;
  hal::Stack const stack = rig.new_stack();
  unsigned rounds = 0;
  pair.other_body = [&] {
    char here;
    HOLDS(&here > static_cast<char*>(stack.base));
    HOLDS(&here < static_cast<char*>(stack.base) + stack.bytes);
    for (; rounds < 1000; ++rounds) Machine::switch_context(pair.other, pair.main);
  };
  rig.body[0] = [&] {
    Machine::make_context(pair.other, stack, run_other, &pair);
    for (unsigned i = 0; i < 1000; ++i) {
      Machine::switch_context(pair.main, pair.other);
      HOLDS(rounds == i);
    }
    Machine::switch_context(pair.main, pair.other);
    Machine::release_context(pair.other);
  };
  CHECK(rig.run().end == End::quiet);
  CHECK(rounds == 1000);
}

TEST_CASE("rounding and exceptions belong to the flow, not to the thread", "[hal_host]") {
  Rig rig{{}};
  Pair pair;
  bool caught_other = false, caught_main = false;
  pair.other_body = [&] {
    HOLDS(std::fegetround() == FE_TONEAREST);
    try {
      throw std::runtime_error{"other"};
    } catch (std::runtime_error const& error) {
      Machine::switch_context(pair.other, pair.main);
      caught_other = std::string{error.what()} == "other" && std::current_exception() != nullptr;
    }
    HOLDS(std::current_exception() == nullptr);
  };
  rig.body[0] = [&] {
    Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
    std::fesetround(FE_UPWARD);
    try {
      throw std::logic_error{"main"};
    } catch (std::logic_error const&) {
      Machine::switch_context(pair.main, pair.other);
      HOLDS(std::fegetround() == FE_UPWARD);
      std::fesetround(FE_TONEAREST);
      try {
        std::rethrow_exception(std::current_exception());
      } catch (std::logic_error const& error) {
        caught_main = std::string{error.what()} == "main";
      }
    }
    Machine::switch_context(pair.main, pair.other);
  };
  CHECK(rig.run().end == End::quiet);
  CHECK(caught_other);
  CHECK(caught_main);
}

TEST_CASE("W4: a switch to a context that is not saved ends the System", "[hal_host]") {
  unsigned found = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rig rig{{.processors = 2, .seed = seed, .step_limit = 100'000}};
    Pair pair;
    Machine::Context second{};
    std::atomic<bool> announced{false};
    pair.other_body = [&] { Machine::stall(1); };
    // Says that `main` may be continued before the switch away from it is made.
    rig.body[0] = [&] {
      Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
      HOLDS(rig.start(1));
      announced = true;
      Machine::switch_context(pair.main, pair.other);
    };
    rig.body[1] = [&] {
      while (!announced) Machine::stall(1);
      Machine::switch_context(second, pair.main);
    };
    Ending const ending = rig.run();
    found += ending.end == End::violation;
  }
  CHECK(found > 5);
}

TEST_CASE("X1: a switch before the end of its interrupt ends the System", "[hal_host]") {
  Rig rig{{}};
  Pair pair;
  pair.other_body = [] {};
  rig.body[0] = [&] {
    Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
    Machine::switch_context(pair.main, pair.other);
    Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
    Machine::current().core.in_service |= level_bit(DISPATCH_LEVEL);
    Machine::switch_context(pair.main, pair.other);
  };
  Ending const ending = rig.run();
  CHECK(ending.end == End::violation);
  CHECK(std::string{ending.reason}.find("end of the interrupt") != std::string::npos);
}

TEST_CASE("a handler above DISPATCH_LEVEL must not switch", "[hal_host]") {
  Rig rig{{}};
  Pair pair;
  pair.other_body = [] {};
  rig.body[0] = [&] {
    Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
    Machine::send_ipi(0);
  };
  rig.on_ipi = [&] { Machine::switch_context(pair.main, pair.other); };
  CHECK(rig.run().end == End::violation);
}

TEST_CASE("a dispatch interrupt may switch, and the level it interrupted comes back",
          "[hal_host]") {
  Rig rig{{}};
  Pair pair;
  unsigned dispatches = 0;
  pair.other_body = [] {};
  rig.body[0] = [&] {
    Machine::make_context(pair.other, rig.new_stack(), run_other, &pair);
    Machine::request_dispatch();
    HOLDS(dispatches == 0);
    Machine::lower(PASSIVE_LEVEL);
    HOLDS(dispatches == 1);
    HOLDS(Machine::irql() == PASSIVE_LEVEL);
    Machine::raise(DISPATCH_LEVEL);
  };
  rig.on_dispatch = [&] {
    ++dispatches;
    Machine::switch_context(pair.main, pair.other);
    HOLDS(Machine::irql() == DISPATCH_LEVEL);
  };
  CHECK(rig.run().end == End::quiet);
}
