#include "suite.hpp"

#include <cstring>

#include "state.hpp"

namespace mica::hal_suite {

constinit State state{};

namespace {

// Lines are put together first: whole calls of debug_output do not interleave, several do.
class Line {
 public:
  Line& operator<<(char const* text) noexcept {
    while (*text != '\0' && used_ < sizeof text_) text_[used_++] = *text++;
    return *this;
  }
  Line& operator<<(unsigned value) noexcept {
    char digits[11] = {};
    char* at = digits + 10;
    do *--at = static_cast<char>('0' + value % 10);
    while (value /= 10);
    return *this << at;
  }
  void print() noexcept { Machine::debug_output(text_, used_); }

 private:
  char text_[256];
  std::size_t used_ = 0;
};

char const* file_name(char const* path) noexcept {
  char const* name = path;
  for (; *path != '\0'; ++path) {
    if (*path == '/') name = path + 1;
  }
  return name;
}

void start_processors() noexcept {
  for (unsigned number = 1; number < state.processors; ++number) {
    bool const came_up = Machine::start_processor(state.blocks[number], make_stack());
    HAL_CHECK(came_up);
    if (!came_up) Machine::stop(hal::Verdict::failed);
    await_at_least(state.idle_entered, number);
  }
}

void run(Case const& one) noexcept {
  unsigned const before = state.failures.load();
  one.body();
  HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
  bool const enabled = Machine::disable_interrupts();
  Machine::restore_interrupts(enabled);
  HAL_CHECK(enabled);
  set_hooks({});
  (Line{} << (state.failures.load() == before ? "[ OK ] " : "[FAIL] ") << one.name << "\n").print();
}

void run(std::span<Case const> cases) noexcept {
  for (Case const& one : cases) {
    if (state.processors >= one.processors) run(one);
  }
}

}  // namespace

void check(bool holds, char const* expression, char const* file, int line) noexcept {
  state.checks.fetch_add(1);
  if (holds) return;
  state.failures.fetch_add(1);
  (Line{} << "       " << file_name(file) << ":" << static_cast<unsigned>(line) << ": "
          << expression << "\n")
      .print();
}

void print(char const* text) noexcept {
  (Line{} << text).print();
}

void NTAPI prepare(unsigned processors) noexcept {
  state.clear();
  state.processors = processors;
  for (unsigned number = 0; number < processors; ++number) {
    std::memset(static_cast<void*>(&state.blocks[number]), 0, sizeof state.blocks[number]);
    state.blocks[number].pcr.Prcb.Number = static_cast<UCHAR>(number);
  }
}

Machine::Processor& NTAPI processor_block(unsigned number) noexcept {
  return state.blocks[number];
}

void NTAPI start() noexcept {
  start_with({});
}

void start_with(std::span<Case const> more) noexcept {
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  HAL_CHECK(&Machine::current() == &state.blocks[0]);
  take_pages();
  Machine::lower(PASSIVE_LEVEL);
  start_processors();
  for (auto const list :
       {irql_cases, delivery_cases, device_cases, context_cases, extended_cases, processor_cases,
        clock_cases, idle_cases, memory_cases, flush_cases, diagnosis_cases}) {
    run(list());
  }
  run(more);
  bool const passed = state.failures.load() == 0;
  (Line{} << (passed ? "ALL CHECKS OF THE SEAM PASSED (" : "CHECKS OF THE SEAM FAILED (")
          << state.checks.load() << " checks)\n")
      .print();
  Machine::stop(passed ? hal::Verdict::passed : hal::Verdict::failed);
}

}  // namespace mica::hal_suite
