#include "child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include "wrong.hpp"

namespace mica::tool {
namespace {

struct Pipe {
  int ends[2];

  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw std::system_error{errno, std::generic_category(), "pipe"};
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  Pipe(Pipe const&) = delete;
  Pipe& operator=(Pipe const&) = delete;
  ~Pipe() {
    for (int const end : ends)
      if (end >= 0) close(end);
  }
  [[nodiscard]] int take_reader() noexcept { return std::exchange(ends[0], -1); }
};

// How a child is made: its descriptors, its group.
struct Making {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  Making() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  }
  Making(Making const&) = delete;
  Making& operator=(Making const&) = delete;
  ~Making() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
};

std::vector<std::string> environment_of(Command const& command) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable; ++variable) {
    std::string_view const text = *variable;
    if (!command.environment.contains(std::string{text.substr(0, text.find('='))}))
      result.emplace_back(text);
  }
  for (auto const& [name, value] : command.environment)
    if (!value.empty()) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Lines::Lines(Lines&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      at_end_{other.at_end_},
      rest_{std::move(other.rest_)} {}

Lines& Lines::operator=(Lines&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(at_end_, other.at_end_);
  rest_.swap(other.rest_);
  return *this;
}

Lines::~Lines() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::vector<std::string> Lines::read() {
  constexpr std::size_t most = 1 << 24;
  char block[1 << 16];
  while (descriptor_ >= 0 && rest_.size() < most) {
    ssize_t const got = ::read(descriptor_, block, sizeof block);
    if (got > 0) {
      rest_.append(block, static_cast<std::size_t>(got));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      close(std::exchange(descriptor_, -1));
      if (at_end_ == Rest::kept && !rest_.empty() && rest_.back() != '\n') rest_ += '\n';
    } else if (errno == EAGAIN) {
      break;
    }
  }
  if (rest_.size() >= most) rest_ += '\n';
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
    lines.push_back(rest_.substr(begin, end - begin));
  rest_.erase(0, begin);
  return lines;
}

Child::Child(Command const& command) {
  Pipe told, written;
  Making making;
  posix_spawn_file_actions_addopen(&making.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&making.actions, written.ends[1], 1);
  posix_spawn_file_actions_adddup2(&making.actions, written.ends[1], 2);
  posix_spawn_file_actions_adddup2(&making.actions, told.ends[1], events_descriptor);
  std::vector<std::string> arguments = command.arguments;
  arguments.insert(arguments.begin(), command.program.string());
  std::vector<std::string> environment = environment_of(command);
  int const error =
      posix_spawn(&process_, command.program.c_str(), &making.actions, &making.attributes,
                  pointers(arguments).data(), pointers(environment).data());
  if (error != 0)
    throw Wrong{fmt::format("cannot run '{}': {}", command.program.string(), strerror(error))};
  events = Lines{told.take_reader(), Lines::Rest::dropped};
  output = Lines{written.take_reader(), Lines::Rest::kept};
}

Child::~Child() {
  if (ended()) return;
  signal(SIGKILL);
  waitpid(process_, nullptr, 0);
}

void Child::signal(int number) const noexcept {
  if (!status_) kill(-process_, number);
}

std::optional<int> Child::ended() noexcept {
  int status = 0;
  if (!status_ && waitpid(process_, &status, WNOHANG) == process_) status_ = status;
  return status_;
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) return strsignal(WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace mica::tool
