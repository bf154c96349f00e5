// A program that embeds the library and watches it: nothing is printed, no handler is installed,
// the environment is not read and the process does not exit, whatever way a System ends. And
// outside a System an NT routine says so.
#include <nt/ke.h>
#include <mica/system.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {
std::string forbidden_call;
int report_to = 2;

void expect(bool holds, char const* what) {
  if (holds) return;
  ::dprintf(report_to, "embedding: %s\n", what);
  std::abort();
}
}  // namespace

// What the linker puts between everything in this program and libc.
extern "C" {
char* __wrap_getenv(char const* name) {
  forbidden_call = std::string{"getenv "} + name;
  return nullptr;
}
char* __wrap_secure_getenv(char const* name) {
  forbidden_call = std::string{"secure_getenv "} + name;
  return nullptr;
}
[[noreturn]] void __wrap_exit(int) {
  std::abort();
}
[[noreturn]] void __wrap__exit(int) {
  std::abort();
}
[[noreturn]] void __wrap_quick_exit(int) {
  std::abort();
}
void (*__wrap_signal(int, void (*)(int)))(int) {
  forbidden_call = "signal";
  return nullptr;
}
int __real_sigaction(int number, struct sigaction const* action, struct sigaction* old);
int __wrap_sigaction(int number, struct sigaction const* action, struct sigaction* old) {
  if (action) forbidden_call = "sigaction";
  return __real_sigaction(number, action, old);
}
int __wrap_sigaltstack(stack_t const*, stack_t*) {
  forbidden_call = "sigaltstack";
  return 0;
}
}

namespace {

// The fields that mean something; structure padding does not.
struct Disposition {
  void (*handler)(int);
  int flags;
  bool operator==(Disposition const&) const = default;
};

std::array<Disposition, 65> read_dispositions() {
  std::array<Disposition, 65> all{};
  for (int number = 1; number <= 64; ++number) {
    struct sigaction action {};
    if (__real_sigaction(number, nullptr, &action) == 0)
      all[static_cast<std::size_t>(number)] = {action.sa_handler, action.sa_flags};
  }
  return all;
}

std::uint64_t read_mask() {
  sigset_t set;
  std::uint64_t mask = 0;
  ::sigprocmask(SIG_SETMASK, nullptr, &set);
  for (int number = 1; number <= 64; ++number)
    mask |= std::uint64_t{::sigismember(&set, number) == 1} << (number - 1);
  return mask;
}

// Descriptors 1 and 2 lead into a pipe; what comes out of it was printed.
struct Capture {
  int pipe_ends[2];
  int kept;
  Capture() {
    expect(::pipe(pipe_ends) == 0, "pipe");
    kept = report_to = ::dup(2);
    ::dup2(pipe_ends[1], 1);
    ::dup2(pipe_ends[1], 2);
  }
  std::string end() {
    std::fflush(stdout);
    ::dup2(kept, 1);
    ::dup2(kept, 2);
    ::close(pipe_ends[1]);
    std::string printed;
    char buffer[256];
    for (ssize_t bytes; (bytes = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
      printed.append(buffer, static_cast<std::size_t>(bytes));
    ::close(pipe_ends[0]);
    return printed;
  }
};

void use_the_library() {
  mica::System system{{.processors = 2}};
  expect(system.try_run([] {}).completed(), "an empty run completes");
  mica::System crashing;
  mica::Outcome const crash = crashing.try_run([] { KeBugCheckEx(0xE2, 1, 2, 3, 4); });
  expect(crash.is_bugcheck(0xE2, 1), "a bugcheck is an outcome");
  mica::System hanging;
  mica::Outcome const hang = hanging.try_run([] {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
  });
  expect(hang.kind() == mica::Outcome::Kind::deadlock, "a deadlock is an outcome");
  mica::System parallel{{.processors = 2, .mode = mica::Mode::parallel}};
  expect(parallel.try_run([] {}).completed(), "an empty parallel run completes");
}

// In a child: an NT routine where no System runs.
void call_outside() {
  int ends[2];
  expect(::pipe(ends) == 0, "pipe");
  pid_t const child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 2);
    static_cast<void>(KeGetCurrentIrql());
    _Exit(0);
  }
  ::close(ends[1]);
  char message[200] = {};
  expect(::read(ends[0], message, sizeof message - 1) > 0,
         "a call outside a System leaves a message");
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "a call outside a System aborts");
  expect(std::strstr(message, "outside System::run") != nullptr, "and the message says why");
}

}  // namespace

int main() {
  auto const before = read_dispositions();
  std::uint64_t const mask = read_mask();
  forbidden_call.clear();
  Capture capture;
  use_the_library();
  std::string const printed = capture.end();
  report_to = 2;
  expect(printed.empty(), printed.c_str());
  expect(forbidden_call.empty(), forbidden_call.c_str());
  expect(read_dispositions() == before, "signal dispositions are as they were");
  expect(read_mask() == mask, "the signal mask is as it was");
  call_outside();
  return 0;
}
