#include "explore/symbols.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>

namespace mica::explore {
namespace {

constexpr std::size_t most_at_once = 1000;  // what a command line holds

struct PipeCloser {
  void operator()(std::FILE* pipe) const noexcept { static_cast<void>(::pclose(pipe)); }
};

std::string output_of(std::string const& command) {
  std::unique_ptr<std::FILE, PipeCloser> const pipe{::popen(command.c_str(), "r")};
  std::string text;
  char buffer[512];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe.get())) text += buffer;
  return text;
}

std::string_view take_line(std::string_view& text) {
  std::size_t const end = std::min(text.find('\n'), text.size());
  std::string_view const line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Where the sources of the library stand, as the compiler was told.
std::string_view root() noexcept {
  std::string_view const here = __FILE__;
  return here.substr(0, here.size() - std::string_view{"src/explore/symbols.cpp"}.size());
}

std::string without(std::string text, std::string_view part) {
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part))
    text.erase(at, part.size());
  return text;
}

// "file:line", with remarks behind it.
Place place_of(std::string_view function, std::string_view where) {
  Place place{.function = short_name(function), .file = {}};
  where = where.substr(0, where.find(" ("));
  std::size_t const colon = where.rfind(':');
  if (colon == where.npos) return place;
  std::string_view file = where.substr(0, colon);
  if (file.starts_with(root())) file.remove_prefix(root().size());
  if (file != "??") place.file = file;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), place.line);
  return place;
}

}  // namespace

std::string short_name(std::string_view function) {
  std::string name = without(std::string{function}, "(anonymous namespace)::");
  std::size_t const lambda = name.find("::{lambda");
  if (lambda != name.npos) name.resize(lambda);
  std::string kept;
  int depth = 0;
  for (char const letter : name) {
    if (letter == '(' && depth == 0 && !kept.ends_with("operator")) break;
    depth += letter == '<';
    if (depth == 0) kept += letter;
    depth -= letter == '>' && depth > 0;
  }
  kept = without(std::move(kept), "mica::");
  kept.erase(0, kept.rfind(' ') == kept.npos ? 0 : kept.rfind(' ') + 1);
  return lambda == function.npos ? kept : "lambda in " + kept;
}

std::string Place::text() const {
  return file.empty() ? function : fmt::format("{} {}:{}", function, file, line);
}

Symbols::Symbols(std::set<std::uint64_t> const& addresses) {
  std::vector<std::uint64_t> const all{addresses.begin(), addresses.end()};
  for (std::size_t from = 0; from < all.size(); from += most_at_once)
    ask(std::span{all}.subspan(from, std::min(most_at_once, all.size() - from)));
}

// Code under test is in the program: other modules are not asked about.
void Symbols::ask(std::span<std::uint64_t const> addresses) {
  std::string command = fmt::format("addr2line -aCfi -e /proc/{}/exe", ::getpid());
  std::vector<std::uint64_t> asked;
  Dl_info program, module;
  if (!::dladdr(reinterpret_cast<void*>(&short_name), &program)) return;
  for (std::uint64_t const address : addresses) {
    if (!::dladdr(reinterpret_cast<void*>(address), &module)) continue;
    if (module.dli_fbase != program.dli_fbase) continue;
    command +=
        fmt::format(" {:#x}", address - 1 - reinterpret_cast<std::uint64_t>(module.dli_fbase));
    asked.push_back(address);
  }
  std::string const output = output_of(command + " 2>/dev/null");
  std::string_view rest = output;
  std::vector<Place>* places = nullptr;
  for (std::size_t next = 0; !rest.empty();) {
    std::string_view const line = take_line(rest);
    if (line.starts_with("0x")) {
      if (next == asked.size()) return;
      places = &places_[asked[next++]];
    } else if (places) {
      places->push_back(place_of(line, take_line(rest)));
    }
  }
}

std::span<Place const> Symbols::at(std::uint64_t address) const noexcept {
  auto const found = places_.find(address);
  return found == places_.end() ? std::span<Place const>{} : std::span{found->second};
}

}  // namespace mica::explore
