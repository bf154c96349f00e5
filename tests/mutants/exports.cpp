// Replaces exported routines by "return 0", one at a time, and says which conformance case notices.
//   mica_export_mutants < NAMES     one routine's name on each line; two are tried at once
// Each is tried in a child process, each case in a System of its own that was booted before the
// routine is replaced: so booting does not do the cases' work. A case notices by failing, by not
// ending, or by crashing the child. The exit status is 0 when every routine was noticed.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "drivers/ram_disk.hpp"
#include "faults.hpp"

namespace {

constexpr unsigned at_once = 2;
constexpr unsigned longest_seconds = 20;  // a case that a correct executive ends in milliseconds
constexpr std::uint64_t step_limit = 3'000'000;

// The first bytes of a routine, and what stands there instead: xor eax, eax; ret.
class Replacement {
 public:
  explicit Replacement(void* routine) : routine_{static_cast<unsigned char*>(routine)} {
    auto const page = reinterpret_cast<std::uintptr_t>(routine) & ~std::uintptr_t{4095};
    if (::mprotect(reinterpret_cast<void*>(page), 8192, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
      std::perror("mprotect");
    std::memcpy(kept_, routine_, sizeof kept_);
  }
  void put() noexcept { std::memcpy(routine_, constant_return, sizeof constant_return); }
  void take_back() noexcept { std::memcpy(routine_, kept_, sizeof kept_); }

 private:
  static constexpr unsigned char constant_return[] = {0x31, 0xc0, 0xc3};
  unsigned char* routine_;
  unsigned char kept_[sizeof constant_return];
};

std::vector<mica::test::Case const*> cases() {
  return {__start_mica_cases, __stop_mica_cases};
}

bool passes(mica::test::Case const& one, Replacement* replacement) {
  mica::TakesFaults const takes_faults;
  mica::System system{
      {.processors = 2, .step_limit = step_limit, .ram_disk = mica::test::ram_disk()}};
  if (!system.try_run([] {}).completed()) return false;
  if (replacement) replacement->put();
  bool const completed = system.try_run(one.body).completed();
  if (replacement) replacement->take_back();
  return completed;
}

// In the child: writes the index of each case before it is tried, then exits 0 (all passed) or 1
// (that one failed).
[[noreturn]] void try_routine(void* routine, int progress) {
  std::freopen("/dev/null", "w", stderr);
  Replacement replacement{routine};
  int index = 0;
  for (mica::test::Case const* one : cases()) {
    ::alarm(longest_seconds);
    if (::write(progress, &index, sizeof index) != sizeof index || !passes(*one, &replacement))
      ::_exit(1);
    ++index;
  }
  ::_exit(0);
}

struct Child {
  std::string name;
  int progress;
};

std::map<pid_t, Child> children;
unsigned survivors = 0;

void collect() {
  int status = 0;
  pid_t const ended = ::wait(&status);
  auto const found = children.find(ended);
  if (found == children.end()) return;
  int last = -1;
  while (::read(found->second.progress, &last, sizeof last) == sizeof last) {
  }
  ::close(found->second.progress);
  bool const survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  survivors += survived;
  char const* const how = survived                      ? "SURVIVED"
                          : WIFEXITED(status)           ? "noticed "
                          : WTERMSIG(status) == SIGALRM ? "hung    "
                                                        : "crashed ";
  std::printf("%s %-40s %s\n", how, found->second.name.c_str(),
              survived || last < 0 ? "" : cases()[static_cast<std::size_t>(last)]->name);
  children.erase(found);
}

bool launch(std::string const& name) {
  void* const routine = ::dlsym(RTLD_DEFAULT, name.c_str());
  int ends[2];
  if (!routine || ::pipe(ends) != 0) {
    std::printf("MISSING  %s\n", name.c_str());
    return false;
  }
  std::fflush(stdout);
  pid_t const child = ::fork();
  if (child == 0) try_routine(routine, ends[1]);
  ::close(ends[1]);
  children[child] = {name, ends[0]};
  return true;
}

// In a child too: memory of Systems that the parent made would be shared by all children.
bool all_pass_unchanged() {
  pid_t const child = ::fork();
  if (child == 0) {
    for (mica::test::Case const* one : cases()) {
      if (passes(*one, nullptr)) continue;
      std::printf("without any mutant this case fails: %s\n", one->name);
      std::fflush(stdout);
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main() {
  if (!all_pass_unchanged()) return 2;
  unsigned tried = 0, missing = 0;
  for (std::string name; std::getline(std::cin, name); ++tried) {
    while (children.size() >= at_once) collect();
    missing += !launch(name);
  }
  while (!children.empty()) collect();
  std::printf("%u routines, %u survived, %u missing\n", tried, survivors, missing);
  return tried > 0 && survivors == 0 && missing == 0 ? 0 : 1;
}
