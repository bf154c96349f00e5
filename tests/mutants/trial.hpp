// One mutant tried in a child process, and what was seen.
#pragma once

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

// The mutant that runs; 0: none (mutated.hpp.in).
extern "C" int mica_mutant;

namespace mica::mutants {

// Shared with the child: what it is at, in case it does not come back to tell.
struct Progress {
  char test[128];
  char strategy[32];
  char verdict[24];
  std::uint64_t executions;

  void at(std::string_view name) noexcept {
    std::snprintf(test, sizeof test, "%.*s", static_cast<int>(name.size()), name.data());
  }
};

inline Progress& progress() noexcept {
  static Progress* const page = static_cast<Progress*>(::mmap(
      nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *page;
}

[[noreturn]] inline void noticed(char const* verdict) noexcept {
  std::snprintf(progress().verdict, sizeof progress().verdict, "%s", verdict);
  ::_exit(1);
}

// Whether the mutant was noticed: by noticed(), by not ending in time, or by a crash. Nothing that
// the tests write is seen. The parent makes no System, whose memory the children would share.
template <class Tests>
bool tried(int number, unsigned seconds, Tests tests) {
  progress() = {};
  pid_t const child = ::fork();
  if (child == 0) {
    if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr))
      ::_exit(2);
    mica_mutant = number;
    // Of the processor, for what runs too long, and of the clock, for what sleeps.
    rlimit const most{seconds, seconds + 1};
    ::setrlimit(RLIMIT_CPU, &most);
    ::alarm(10 * seconds);
    tests();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) return WEXITSTATUS(status) != 0;
  bool const hangs = WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU;
  std::strcpy(progress().verdict, hangs ? "hang" : "crash");
  return true;
}

// NUMBER, then killed with test, strategy, executions and verdict, or survived.
inline void print(int number, bool killed) {
  Progress const& page = progress();
  if (killed)
    std::printf("%d\tkilled\t%s\t%s\t%llu\t%s\n", number, page.test, page.strategy,
                static_cast<unsigned long long>(page.executions), page.verdict);
  else
    std::printf("%d\tsurvived\n", number);
  std::fflush(stdout);
}

}  // namespace mica::mutants
