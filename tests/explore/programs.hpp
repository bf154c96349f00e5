// Small concurrent programs, and what they can come to under sequential consistency.
//   A program is a list of operations for each processor, over a few cells and one lock. Its final
//   state says every value that was read, where each processor stands (the end, or what it is
//   blocked by) and what the cells hold.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace mica::explore {

struct Statement {
  enum class Kind : std::uint8_t {
    load,
    store,             // value
    exchange,          // value
    add,               // value
    compare_exchange,  // to value, from expected
    await,             // until it is not value
    lock,
    unlock,
  };
  Kind kind;
  unsigned cell = 0;
  std::uint32_t value = 0;
  std::uint32_t expected = 0;
};

struct Program {
  static constexpr unsigned most_processors = 4;
  static constexpr unsigned cells = 3;
  static constexpr unsigned lock = cells;  // the cell that is the lock
  std::vector<std::vector<Statement>> processors;
};

struct State {
  std::array<std::uint32_t, Program::cells + 1> cells{};
  std::array<std::vector<std::uint32_t>, Program::most_processors> read;  // one for each operation

  [[nodiscard]] std::string text() const;
};

// Two or three processors, two to four operations each: the same for the same seed.
[[nodiscard]] Program generate(std::uint64_t seed);

// Every final state, by trying every order in a model of memory.
[[nodiscard]] std::set<std::string> final_states(Program const& program);

}  // namespace mica::explore
