// The last stores to each atomic word, newest last.
//   Memory itself always holds the newest, so whoever looks at it without asking sees that. The
//   others stand here with the values that they had. Every store has a number, by which all stores
//   of an execution are ordered. What is written in any other way than by an atomic operation of
//   the same extent begins a word's history anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace mica::explore {

// For each word the oldest store that may still be read: by who holds the view, or by who acquires
// it. A store's number; 0: any.
class View {
 public:
  [[nodiscard]] std::uint32_t at(std::uint32_t word) const noexcept {
    return word < oldest_.size() ? oldest_[word] : 0;
  }
  void raise(std::uint32_t word, std::uint32_t store) {
    if (word >= oldest_.size()) oldest_.resize(word + 1);
    if (oldest_[word] < store) oldest_[word] = store;
  }
  void join(View const& other) {
    if (oldest_.size() < other.oldest_.size()) oldest_.resize(other.oldest_.size());
    for (std::size_t i = 0; i < other.oldest_.size(); ++i)
      if (oldest_[i] < other.oldest_[i]) oldest_[i] = other.oldest_[i];
  }
  void clear() noexcept { oldest_.clear(); }

 private:
  std::vector<std::uint32_t> oldest_;  // by number of the word
};

struct Store {
  std::uint64_t value = 0;  // once there is a newer one
  std::uint32_t number = 0;
  unsigned processor = 0;
  View view;  // what it releases
};

// An atomic word: a place and an extent.
class AtomicWord {
 public:
  static constexpr unsigned most = 8;
  static constexpr unsigned nobody = ~0u;

  std::uintptr_t address = 0;
  std::size_t bytes = 0;
  std::uint32_t number = 0;  // in views
  std::uint32_t born = 0;    // the store before which nothing is remembered
  unsigned stale = 0;        // how many loads in a row saw older stores

  [[nodiscard]] unsigned count() const noexcept { return count_; }
  // The one of that age; 0: the newest.
  [[nodiscard]] Store& aged(unsigned age) noexcept { return stores_[(next_ - 1 - age) % most]; }
  [[nodiscard]] Store const& aged(unsigned age) const noexcept {
    return stores_[(next_ - 1 - age) % most];
  }
  Store& add() noexcept {
    Store& store = stores_[next_++ % most];
    if (count_ < most) ++count_;
    store.view.clear();
    return store;
  }
  void restart(std::uint32_t now) noexcept {
    count_ = stale = 0;
    born = now;
  }
  [[nodiscard]] bool overlaps(std::uintptr_t from, std::uintptr_t to) const noexcept {
    return address < to && from < address + bytes;
  }

 private:
  unsigned next_ = 0;
  unsigned count_ = 0;
  Store stores_[most];
};

class StoreHistory {
 public:
  void clear() noexcept;
  // The word of that place and extent; what overlaps it otherwise is remembered no more, but for
  // what it releases.
  [[nodiscard]] AtomicWord& word(void const volatile* address, std::size_t bytes, std::uint32_t now,
                           bool& mixed);
  // Written by others than atomic operations.
  void restart(std::uintptr_t from, std::size_t bytes, std::uint32_t now) noexcept;

 private:
  static constexpr std::size_t cell_bytes = 8;

  [[nodiscard]] AtomicWord& find_or_make(std::uintptr_t address, std::size_t bytes);

  std::unordered_map<std::uintptr_t, std::vector<AtomicWord*>> cells_;  // by address / cell_bytes
  // For executions to come too: their stores stay where they are.
  std::vector<std::unique_ptr<AtomicWord>> words_;
  std::uint32_t used_ = 0;
};

}  // namespace mica::explore
