#include "explore/store_history.hpp"

namespace mica::explore {

void StoreHistory::clear() noexcept {
  cells_.clear();
  used_ = 0;
}

AtomicWord& StoreHistory::find_or_make(std::uintptr_t address, std::size_t bytes) {
  std::vector<AtomicWord*>& first = cells_[address / cell_bytes];
  for (AtomicWord* const word : first)
    if (word->address == address && word->bytes == bytes) return *word;
  if (used_ == words_.size()) words_.push_back(std::make_unique<AtomicWord>());
  AtomicWord& word = *words_[used_];
  word.address = address;
  word.bytes = bytes;
  word.number = used_++;
  word.restart(0);
  for (std::uintptr_t at = address / cell_bytes; at <= (address + bytes - 1) / cell_bytes; ++at)
    cells_[at].push_back(&word);
  return word;
}

AtomicWord& StoreHistory::word(void const volatile* address, std::size_t bytes, std::uint32_t now,
                         bool& mixed) {
  auto const from = reinterpret_cast<std::uintptr_t>(address);
  AtomicWord& word = find_or_make(from, bytes);
  View released;
  mixed = false;
  for (std::uintptr_t at = from / cell_bytes; at <= (from + bytes - 1) / cell_bytes; ++at)
    for (AtomicWord* const other : cells_[at]) {
      if (other == &word || other->count() == 0 || !other->overlaps(from, from + bytes)) continue;
      mixed = true;
      released.join(other->aged(0).view);
      other->restart(now);
    }
  if (mixed) word.restart(now);
  if (word.count() == 0) {
    Store& first = word.add();
    first.number = word.born;
    first.processor = AtomicWord::nobody;
  }
  if (mixed) word.aged(0).view.join(released);
  return word;
}

void StoreHistory::restart(std::uintptr_t from, std::size_t bytes, std::uint32_t now) noexcept {
  for (std::uintptr_t at = from / cell_bytes; at <= (from + bytes - 1) / cell_bytes; ++at) {
    auto const found = cells_.find(at);
    if (found == cells_.end()) continue;
    for (AtomicWord* const word : found->second)
      if (word->overlaps(from, from + bytes)) word->restart(now);
  }
}

}  // namespace mica::explore
