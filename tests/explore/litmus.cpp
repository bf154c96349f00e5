// Litmus tests under every memory model: what comes is what is expected, and nothing else.
#include "litmus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "crew.hpp"
#include "explore/dpor.hpp"
#include "explore/stage.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

using Outcomes = std::set<std::string>;

// What runs, and what it has come to.
Litmus const* running;
Style style;
std::atomic<std::uint32_t> words[Litmus::cells];
std::uint32_t values[4][4];

// Orders are constants to the compiler: what is not is instrumented as sequentially consistent.
std::uint32_t load(std::atomic<std::uint32_t> const& word) noexcept {
  switch (style) {
    case Style::release_acquire:
      return word.load(std::memory_order_acquire);
    case Style::seq_cst:
      return word.load();
    default:
      return word.load(std::memory_order_relaxed);
  }
}

void store(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
  switch (style) {
    case Style::release_acquire:
      return word.store(value, std::memory_order_release);
    case Style::seq_cst:
      return word.store(value);
    default:
      return word.store(value, std::memory_order_relaxed);
  }
}

void fence() noexcept {
  if (style == Style::acq_rel_fences) std::atomic_thread_fence(std::memory_order_acq_rel);
  if (style == Style::seq_cst_fences) std::atomic_thread_fence(std::memory_order_seq_cst);
}

void perform(unsigned processor) noexcept {
  unsigned read = 0, done = 0;
  for (Act const& act : running->processors[processor]) {
    std::atomic<std::uint32_t>& word = words[act.cell];
    if (done++ != 0 && act.kind != Act::Kind::relaxed_store) fence();
    switch (act.kind) {
      case Act::Kind::load:
        values[processor][read++] = load(word);
        break;
      case Act::Kind::store:
        store(word, act.value);
        break;
      case Act::Kind::relaxed_store:
        word.store(act.value, std::memory_order_relaxed);
        break;
      case Act::Kind::relaxed_add:
        values[processor][read++] = word.fetch_add(act.value, std::memory_order_relaxed);
        break;
    }
  }
}

bool reads(Act const& act) noexcept {
  return act.kind == Act::Kind::load || act.kind == Act::Kind::relaxed_add;
}

std::string outcome() {
  std::string text;
  for (std::size_t i = 0; i < running->processors.size(); ++i) {
    auto const& acts = running->processors[i];
    auto const count = std::count_if(acts.begin(), acts.end(), reads);
    for (std::ptrdiff_t j = 0; j < count; ++j) text += static_cast<char>('0' + values[i][j]);
  }
  if (running->finals)
    for (auto const& word : words) text += static_cast<char>('0' + word.load());
  return text;
}

Outcomes outcomes_of(Litmus const& test, Style in, MemoryModel memory,
                     MemoryFlaw flaw = MemoryFlaw::none) {
  running = &test;
  style = in;
  auto const count = static_cast<unsigned>(test.processors.size());
  auto const body = [count](Window& window) {
    auto program = [](unsigned number) { perform(number); };
    run_together(window, {.count = count, .level = HIGH_LEVEL}, program);
  };
  Scenario const scenario{
      .processors = count, .body = body, .memory = memory, .memory_flaw = flaw};
  auto const strategy = dpor(false);
  Stage stage{scenario};
  Outcomes all;
  while (strategy->next_execution()) {
    for (auto& word : words) word = 0;
    Execution const execution = stage.execute(*strategy);
    if (execution.verdict != Verdict::passed) FAIL(execution.text());
    all.insert(outcome());
  }
  return all;
}

char const* expected_weak(WeakOutcome const& weak, MemoryModel memory) noexcept {
  switch (memory) {
    case MemoryModel::sequential:
      return "-----";
    case MemoryModel::x86:
      return weak.x86;
    case MemoryModel::cxx20:
      break;
  }
  return weak.shown;
}

Outcomes expected(Litmus const& test, Style in, MemoryModel memory) {
  Outcomes all{test.sequential.begin(), test.sequential.end()};
  for (WeakOutcome const& weak : test.weak)
    if (expected_weak(weak, memory)[static_cast<unsigned>(in)] == 'y') all.insert(weak.outcome);
  return all;
}

constexpr MemoryModel models[] = {MemoryModel::sequential, MemoryModel::x86, MemoryModel::cxx20};

Litmus const& named(std::string_view name) {
  auto const& all = litmus_tests();
  return *std::find_if(all.begin(), all.end(), [&](Litmus const& one) { return one.name == name; });
}

bool finds_out(MemoryFlaw flaw, char const* test, Style in, MemoryModel memory) {
  return outcomes_of(named(test), in, memory, flaw) != expected(named(test), in, memory);
}

}  // namespace

TEST_CASE("Litmus: each memory model shows the outcomes that it allows and no other", "[litmus]") {
  std::map<std::string, std::string> shown;  // by test and weak outcome: for each style and model
  for (Litmus const& test : litmus_tests())
    for (Style const in : styles)
      for (MemoryModel const memory : models) {
        Outcomes const came = outcomes_of(test, in, memory);
        INFO(test.name << ", style " << static_cast<int>(in) << ", " << name_of(memory));
        CHECK(came == expected(test, in, memory));
        for (WeakOutcome const& weak : test.weak)
          shown[std::string{test.name} + weak.outcome] += came.count(weak.outcome) ? 'y' : '-';
      }
  char const* const file = std::getenv("MICA_LITMUS");
  if (file) std::ofstream{file} << litmus_page(shown);
}

TEST_CASE("Litmus: no model shows what C++20 forbids", "[litmus]") {
  for (Litmus const& test : litmus_tests())
    for (WeakOutcome const& weak : test.weak)
      for (std::size_t i = 0; i < styles.size(); ++i) {
        INFO(test.name << " " << weak.outcome << " " << i);
        if (weak.allowed[i] == 'y') continue;
        CHECK(weak.shown[i] == '-');
        CHECK(weak.x86[i] == '-');
      }
}

TEST_CASE("Litmus: wrong memory models are found out", "[litmus]") {
  CHECK(finds_out(MemoryFlaw::incoherent, "CoRR", Style::relaxed, MemoryModel::cxx20));
  CHECK(finds_out(MemoryFlaw::plain_seq_cst, "SB", Style::seq_cst, MemoryModel::cxx20));
  CHECK(finds_out(MemoryFlaw::plain_seq_cst, "SB", Style::seq_cst_fences, MemoryModel::cxx20));
  CHECK(finds_out(MemoryFlaw::cut_sequences, "MP+add", Style::release_acquire, MemoryModel::cxx20));
  CHECK(finds_out(MemoryFlaw::unfenced, "SB", Style::seq_cst_fences, MemoryModel::x86));
}
