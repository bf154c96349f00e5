// A program that runs, with what it writes.
//   It is in a process group of its own: what a terminal sends when ^C is typed goes to the tool
//   alone. Its standard input is empty. Killed when the object goes away.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mica::tool {

struct Command {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  // Over what the tool's own environment has; an empty value takes the variable away.
  std::map<std::string, std::string> environment;
};

// The reading end of a pipe, cut into lines.
class Lines {
 public:
  Lines() = default;
  enum class Rest { dropped, kept };  // what becomes of a last line without its end
  Lines(int descriptor, Rest rest) noexcept : descriptor_{descriptor}, at_end_{rest} {}
  Lines(Lines&& other) noexcept;
  Lines& operator=(Lines&& other) noexcept;
  ~Lines();

  // -1 when the writers have gone.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // What is there now, whole lines without their ends. A line of more than 16 MiB is cut.
  [[nodiscard]] std::vector<std::string> read();

 private:
  int descriptor_ = -1;
  Rest at_end_ = Rest::dropped;
  std::string rest_;
};

class Child {
 public:
  // The descriptor that the program writes events to.
  static constexpr int events_descriptor = 3;

  // Throws Wrong when it cannot be run.
  explicit Child(Command const& command);
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;
  ~Child();

  void signal(int number) const noexcept;
  // As waitpid tells it, when it has ended.
  [[nodiscard]] std::optional<int> ended() noexcept;

  Lines events;  // descriptor 3 of the program
  Lines output;  // 1 and 2

 private:
  pid_t process_ = -1;
  std::optional<int> status_;
};

// "exit status 5", "Segmentation fault".
[[nodiscard]] std::string end_text(int status);

}  // namespace mica::tool
