// What atomic words carry from those who store to those who load: a clock for each word.
//   Nothing is cleared by hand: what an earlier execution left is of another generation, and its
//   clocks are used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "explore/clock.hpp"

namespace mica::explore {

class Messages {
 public:
  // Forgets everything.
  void clear() noexcept {
    ++generation_;
    used_ = 0;
    last_word_ = 0;
  }

  // Of a word that was never asked for, one that knows of nobody. Stays where it is.
  [[nodiscard]] Clock& of(std::uintptr_t word) {
    if (word != last_word_) find_or_make(word);
    return *last_;
  }

 private:
  struct Entry {
    std::uintptr_t word = 0;
    std::uint32_t generation = 0;
    Clock* clock = nullptr;
  };

  void find_or_make(std::uintptr_t word);
  [[nodiscard]] Entry& entry_of(std::uintptr_t word) noexcept;
  void grow();

  std::uint32_t generation_ = 1;
  std::vector<Entry> table_ = std::vector<Entry>(256);
  std::vector<std::unique_ptr<Clock>> clocks_;
  std::size_t used_ = 0;          // of them, and entries of this generation
  std::uintptr_t last_word_ = 0;  // nobody's
  Clock* last_ = nullptr;
};

}  // namespace mica::explore
