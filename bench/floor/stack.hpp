// The floor of a sequenced list: two words, one exchange of both for each operation.
#pragma once

#include <cstdint>

namespace mica::bench::floor {

struct Link {
  alignas(16) Link* next;
};

class alignas(16) Stack16 {
 public:
  [[gnu::noinline]] void push(Link* link) noexcept {
    Words seen = words_, next;
    do {
      link->next = reinterpret_cast<Link*>(seen.first);
      next = {seen.counts + 0x10001, reinterpret_cast<std::uint64_t>(link)};
    } while (!exchange(seen, next));
  }
  [[gnu::noinline]] Link* pop() noexcept {
    Words seen = words_, next;
    do {
      if (seen.first == 0) return nullptr;
      auto* const link = reinterpret_cast<Link*>(seen.first);
      next = {seen.counts - 1, reinterpret_cast<std::uint64_t>(link->next)};
    } while (!exchange(seen, next));
    return reinterpret_cast<Link*>(seen.first);
  }

 private:
  struct alignas(16) Words {
    std::uint64_t counts, first;
  };
  bool exchange(Words& seen, Words const& next) noexcept {
    bool swapped;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(swapped), "+m"(words_), "+a"(seen.counts), "+d"(seen.first)
                 : "b"(next.counts), "c"(next.first)
                 : "memory");
    return swapped;
  }

  Words words_{0, 0};
};

}  // namespace mica::bench::floor
