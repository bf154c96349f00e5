#include "explore/books.hpp"

#include <fmt/format.h>

#include <map>

namespace mica::explore {
namespace {

template <class Visitor>
void visit(mm::State const& state, Visitor&& visitor) {
  for (mm::Pool const& pool : state.pools)
    for (ULONG processor = 0; processor < pool.processors(); ++processor)
      for (mm::TagSlot const& slot : pool.tags(processor).slots)
        if (slot.tag != 0) visitor(slot);
}

std::string spelled(std::uint32_t tag) {
  std::string text;
  for (; tag != 0; tag >>= 8) {
    auto const letter = static_cast<char>(tag);
    text += letter >= ' ' && letter <= '~' ? letter : '.';
  }
  return text;
}

}  // namespace

void Books::open(mm::State const& state) {
  visit(state, [&](mm::TagSlot const& slot) { kernel_.insert(slot.tag); });
}

// A block may be freed on another processor than it was allocated on: only sums mean something.
std::string Books::left(mm::State const& state) const {
  struct Live {
    std::uint64_t blocks = 0, bytes = 0;
  };
  std::map<std::uint32_t, Live> tags;
  visit(state, [&](mm::TagSlot const& slot) {
    Live& live = tags[slot.tag];
    live.blocks += slot.allocations - slot.frees;
    live.bytes += slot.bytes;
  });
  std::string text;
  for (auto const& [tag, live] : tags)
    if (live.blocks != 0 && !kernel_.contains(tag))
      text += fmt::format("blocks of tag '{}' that are left: {}, {} bytes\n", spelled(tag),
                          live.blocks, live.bytes);
  return text;
}

}  // namespace mica::explore
