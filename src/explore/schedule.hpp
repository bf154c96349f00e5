// The name of one execution of a scenario: all that is needed to do it again, short enough to
// paste.
//   random:SEED          uniform choice
//   pctDEPTH.LENGTH:SEED probabilistic concurrency testing
//   steps:AT=CHOICE,...  the choices that differ from the plain one, by the number of the question
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mica::explore {

struct Deviation {
  std::uint32_t at;
  std::uint32_t choice;
  friend bool operator==(Deviation const&, Deviation const&) = default;
};

struct Schedule {
  enum class Kind : std::uint8_t { random, pct, steps };
  Kind kind = Kind::random;
  std::uint64_t seed = 0;
  unsigned depth = 0;                 // PCT's
  std::uint32_t length = 0;           // PCT's
  std::vector<Deviation> deviations;  // of steps, ascending

  [[nodiscard]] static Schedule random(std::uint64_t seed) {
    return {.kind = Kind::random, .seed = seed, .deviations = {}};
  }
  [[nodiscard]] static Schedule pct(std::uint64_t seed, unsigned depth, std::uint32_t length) {
    return {.kind = Kind::pct, .seed = seed, .depth = depth, .length = length, .deviations = {}};
  }
  [[nodiscard]] static Schedule steps(std::vector<Deviation> deviations) {
    return {.kind = Kind::steps, .deviations = std::move(deviations)};
  }

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Schedule> parse(std::string_view text);
  friend bool operator==(Schedule const&, Schedule const&) = default;
};

}  // namespace mica::explore
