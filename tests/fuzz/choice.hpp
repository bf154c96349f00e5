// What a mutator decides with: the same seed, the same decisions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mica::fuzz {

class Choice {
 public:
  explicit Choice(unsigned seed) noexcept : state_{seed} {}

  // SplitMix64.
  [[nodiscard]] std::uint64_t any() noexcept {
    std::uint64_t value = state_ += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
  }
  // `count` is not 0.
  [[nodiscard]] std::size_t below(std::size_t count) noexcept { return any() % count; }
  [[nodiscard]] bool one_in(std::size_t count) noexcept { return below(count) == 0; }
  template <class T, std::size_t Count>
  [[nodiscard]] T const& of(T const (&table)[Count]) noexcept {
    return table[below(Count)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace mica::fuzz
