// Functions and source lines of addresses in the program.
//   Asked of binutils, all addresses at once; where the tool is not there every address stays a
//   number.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace mica::explore {

struct Place {
  std::string function;  // without template arguments and parameters
  std::string file;      // from the root of the sources, or as the compiler was told
  unsigned line = 0;

  [[nodiscard]] std::string text() const;
};

class Symbols {
 public:
  // Return addresses, as a backtrace has them.
  explicit Symbols(std::set<std::uint64_t> const& addresses);

  // What stands there: what was inlined first, then the function that it was inlined into.
  [[nodiscard]] std::span<Place const> at(std::uint64_t address) const noexcept;

 private:
  void ask(std::span<std::uint64_t const> addresses);

  std::map<std::uint64_t, std::vector<Place>> places_;
};

// "mica::ke::SpinLock<R>::lock()" as "ke::SpinLock::lock".
[[nodiscard]] std::string short_name(std::string_view function);

}  // namespace mica::explore
