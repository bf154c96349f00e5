#include "harness/status_names.hpp"

#include <fmt/format.h>
#include <nt/ntstatus.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace mica::harness {
namespace {

struct Status {
  std::string_view name;
  std::int32_t value;
};

constexpr Status table[] = {
#define MICA_STATUS(name) {#name, name},
#include "harness/status_names.inc"
#undef MICA_STATUS
};

// How many letters are to be put in, left out or exchanged. [Levenshtein 1966]
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      std::size_t const exchanged = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::int32_t> status_named(std::string_view name) noexcept {
  auto const* const found = std::ranges::find(table, name, &Status::name);
  return found == std::end(table) ? std::nullopt : std::optional{found->value};
}

std::string name_of_status(std::int32_t status) {
  auto const* const found = std::ranges::find(table, status, &Status::value);
  return found == std::end(table) ? fmt::format("0x{:08X}", static_cast<std::uint32_t>(status))
                                  : std::string{found->name};
}

std::string_view nearest_status_name(std::string_view name) {
  // A word of any length is compared in little time.
  std::string_view const begin = name.substr(0, 100);
  std::size_t least = begin.size() + 1;
  std::string_view nearest = table[0].name;
  for (Status const& each : table) {
    // The lengths alone say how near it may be.
    std::size_t const longer = std::max(each.name.size(), begin.size());
    if (longer - std::min(each.name.size(), begin.size()) >= least) continue;
    std::size_t const here = distance(begin, each.name);
    if (here >= least) continue;
    least = here;
    nearest = each.name;
  }
  return nearest;
}

}  // namespace mica::harness
