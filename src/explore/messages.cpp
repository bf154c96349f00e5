#include "explore/messages.hpp"

namespace mica::explore {

// The table has room: open addressing, and nothing is taken out within a generation.
Messages::Entry& Messages::entry_of(std::uintptr_t word) noexcept {
  std::size_t const mask = table_.size() - 1;
  std::size_t at = (word * 0x9e3779b97f4a7c15) >> 32 & mask;
  while (table_[at].generation == generation_ && table_[at].word != word) at = (at + 1) & mask;
  return table_[at];
}

void Messages::grow() {
  std::vector<Entry> old(2 * table_.size());
  old.swap(table_);
  for (Entry const& entry : old)
    if (entry.generation == generation_) entry_of(entry.word) = entry;
}

void Messages::find_or_make(std::uintptr_t word) {
  if (2 * used_ >= table_.size()) grow();
  Entry& entry = entry_of(word);
  if (entry.generation != generation_) {
    if (used_ == clocks_.size()) clocks_.push_back(std::make_unique<Clock>());
    entry = {word, generation_, clocks_[used_++].get()};
    entry.clock->clear();
  }
  last_word_ = word;
  last_ = entry.clock;
}

}  // namespace mica::explore
