// How much more memory than is asked for an allocator holds after a million frees and allocations
// among 10 000 live blocks: the counter `percent`. Each allocator in a child of its own.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "allocators.hpp"
#include "mm/state.hpp"

namespace mica::bench {
namespace {

constexpr unsigned steps = 100 * Churn::live_blocks;

// Pages that were written to since the process began, in bytes.
std::size_t private_bytes() {
  std::FILE* const file = std::fopen("/proc/self/smaps_rollup", "r");
  char line[256];
  std::size_t kibibytes = 0;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr)
    if (std::sscanf(line, "Private_Dirty: %zu", &kibibytes) == 1) break;
  if (file != nullptr) std::fclose(file);
  return kibibytes * 1024;
}

double churn(Allocator const& allocator, std::size_t (*used_bytes)()) {
  std::size_t const before = used_bytes();
  Churn load{allocator};
  for (unsigned i = 0; i < steps; ++i) load.step();
  load.touch();
  auto const live = static_cast<double>(load.live_bytes());
  return 100 * (static_cast<double>(used_bytes() - before) - live) / live;
}

double churn_ours() {
  double percent = 0;
  System system{{.memory_bytes = std::size_t{256} << 20}};
  system.run([&] {
    percent = churn(ours(), [] {
      mm::Physical& pages = mm::state().pages;
      return (pages.total_pages() - pages.free_pages()) * page_size;
    });
  });
  return percent;
}

void in_child(benchmark::State& state, std::function<double()> const& measure) {
  for (auto _ : state) {
    int ends[2];
    if (pipe(ends) != 0) return state.SkipWithError("no pipe");
    pid_t const child = fork();
    if (child == 0) {
      double const percent = measure();
      _exit(write(ends[1], &percent, sizeof percent) == sizeof percent ? 0 : 1);
    }
    double percent = 0;
    if (read(ends[0], &percent, sizeof percent) != sizeof percent)
      state.SkipWithError("the child failed");
    waitpid(child, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    state.counters["percent"] = percent;
  }
}

void add(std::string const& role, std::function<double()> const& measure) {
  benchmark::RegisterBenchmark(("pool/overhead/" + role).c_str(), in_child, measure)->Iterations(1);
}

bool const added = [] {
  add("ours", churn_ours);
  for (auto const& [name, allocator] : peers())
    add("peer:" + name, [with = allocator] { return churn(with, private_bytes); });
  return true;
}();

}  // namespace
}  // namespace mica::bench
