#include "programs.hpp"

#include <fmt/format.h>

#include "hal_host/policy.hpp"

namespace mica::explore {
namespace {

using Kind = Statement::Kind;

bool blocked(Statement const& operation, State const& state) noexcept {
  switch (operation.kind) {
    case Kind::await:
      return state.cells[operation.cell] == operation.value;
    case Kind::lock:
      return state.cells[Program::lock] != 0;
    default:
      return false;
  }
}

// Returns what the operation reads; 0 when it reads nothing.
std::uint32_t perform(Statement const& operation, State& state) noexcept {
  std::uint32_t& cell = state.cells[operation.cell];
  std::uint32_t const old = cell;
  switch (operation.kind) {
    case Kind::load:
    case Kind::await:
      return old;
    case Kind::store:
      cell = operation.value;
      return 0;
    case Kind::exchange:
      cell = operation.value;
      return old;
    case Kind::add:
      cell += operation.value;
      return old;
    case Kind::compare_exchange:
      if (old == operation.expected) cell = operation.value;
      return old;
    case Kind::lock:
    case Kind::unlock:
      cell = operation.kind == Kind::lock ? 1 : 0;
      return 0;
  }
  return 0;
}

struct Search {
  Program const& program;
  std::set<std::string> seen{}, finals{};

  void go_on(State const& state) {
    std::string const text = state.text();
    if (!seen.insert(text).second) return;
    bool moved = false;
    for (unsigned i = 0; i < program.processors.size(); ++i) {
      std::size_t const next = state.read[i].size();
      if (next == program.processors[i].size()) continue;
      Statement const& operation = program.processors[i][next];
      if (blocked(operation, state)) continue;
      State after = state;
      after.read[i].push_back(perform(operation, after));
      moved = true;
      go_on(after);
    }
    if (!moved) finals.insert(text);
  }
};

Statement operation(hal_host::Random& random) {
  auto const kind = static_cast<Kind>(random.below(static_cast<std::uint32_t>(Kind::lock)));
  unsigned const cell = random.below(10) == 0 ? 2 : random.below(2);
  return {kind, cell, kind == Kind::await ? 0 : 1 + random.below(3), random.below(3)};
}

}  // namespace

std::string State::text() const {
  std::string text;
  for (auto const& values : read) {
    text += fmt::format("{}:", values.size());
    for (std::uint32_t const value : values) text += fmt::format("{},", value);
    text += ' ';
  }
  for (std::uint32_t const value : cells) text += fmt::format("{} ", value);
  return text;
}

Program generate(std::uint64_t seed) {
  hal_host::Random random{seed};
  Program program;
  unsigned const count = 2 + random.below(2);
  for (unsigned i = 0; i < count; ++i) {
    std::vector<Statement> operations;
    unsigned const length = 2 + random.below(3);
    if (random.below(3) == 0) {  // some hold the lock for ever
      operations.push_back({Kind::lock, Program::lock});
      while (operations.size() + 1 < length) operations.push_back(operation(random));
      if (random.below(4) != 0) operations.push_back({Kind::unlock, Program::lock});
    }
    while (operations.size() < length) operations.push_back(operation(random));
    program.processors.push_back(std::move(operations));
  }
  return program;
}

std::set<std::string> final_states(Program const& program) {
  Search search{program};
  search.go_on({});
  return search.finals;
}

}  // namespace mica::explore
