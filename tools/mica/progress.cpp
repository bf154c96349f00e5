#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace mica::tool {
namespace {

constexpr int where = STDERR_FILENO;

std::size_t columns() noexcept {
  winsize size{};
  return ioctl(where, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::FILE* lines, std::size_t names)
    : lines_{lines}, names_{names}, terminal_{isatty(where) == 1} {}

void Progress::show(Results const& results) {
  using namespace std::chrono_literals;
  auto const all = results.all();
  if (std::ranges::any_of(all, &Exploration::ended)) tell_ended(results);
  if (Clock::now() - last_ < (terminal_ ? Clock::duration{500ms} : Clock::duration{10s})) return;
  std::string text = line(results);
  if (terminal_) {
    text.resize(std::min(text.size(), columns() - 1));
    fmt::print(stderr, "\r\x1b[K{}", text);
    shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

void Progress::finish(Results const& results) {
  clear();
  for (Exploration const* exploration : results.all())
    if (told_.insert({exploration->name, exploration->strategy}).second)
      fmt::print(lines_, "{}\n", line_of(*exploration));
}

void Progress::tell_ended(Results const& results) {
  for (Exploration const* exploration : results.all()) {
    if (!exploration->ended()) continue;
    if (!told_.insert({exploration->name, exploration->strategy}).second) continue;
    clear();
    fmt::print(lines_, "{}\n", line_of(*exploration));
    std::fflush(lines_);
  }
}

// "12/38 W1-event: 5100200 executions, 51234/s, depth 61, 40100 distinct, about 12000 left".
std::string Progress::line(Results const& results) {
  std::uint64_t executions = 0, distinct = 0;
  Exploration const* current = nullptr;
  std::set<std::string> begun;
  for (Exploration const* exploration : results.all()) {
    Counts const sum = exploration->sum();
    executions += sum.executions;
    distinct += sum.distinct;
    begun.insert(exploration->name);
    if (!exploration->ended()) current = exploration;
  }
  auto const now = Clock::now();
  double const seconds = std::chrono::duration<double>(now - last_).count();
  double const rate = static_cast<double>(executions - last_executions_) / seconds;
  last_ = now;
  last_executions_ = executions;
  std::string text = fmt::format("{}/{}", begun.size(), names_);
  if (current) text += " " + current->name;
  text += fmt::format(": {} executions, {:.0f}/s, {} distinct", executions, rate, distinct);
  if (!current) return text;
  Counts const sum = current->sum();
  text += fmt::format(", depth {}", sum.depth);
  if (sum.left) text += fmt::format(", about {:.0f} left", *sum.left);
  return text;
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace mica::tool
