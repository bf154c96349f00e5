// The physical memory that nobody else uses: what the boot loader calls usable, less what was taken
// out.
//   Boot only, one processor. Ranges of whole pages, sorted, apart. No machine access: host tests
//   use it too.
#pragma once

#include <cstdint>
#include <span>

#include "hal/machine_concept.hpp"

namespace mica::hal_x64 {

class MemoryMap {
 public:
  // Byte ranges; `add` keeps whole pages inside, `remove` takes every page touched. What does not
  // fit into the table is left out of the memory, never handed out twice.
  void add(std::uint64_t base, std::uint64_t bytes) noexcept;
  void remove(std::uint64_t base, std::uint64_t bytes) noexcept;

  // The lowest page that lies below `limit`, taken out; no_page when there is none.
  [[nodiscard]] PageNumber take(PageNumber limit) noexcept;

  [[nodiscard]] std::span<hal::PageRange const> ranges() const noexcept {
    return {ranges_, count_};
  }

 private:
  void remove_pages(std::uint64_t first, std::uint64_t end) noexcept;
  void insert(std::size_t at, hal::PageRange range) noexcept;
  void erase(std::size_t at) noexcept;

  static constexpr std::size_t capacity = 64;
  hal::PageRange ranges_[capacity] = {};
  std::size_t count_ = 0;
};

}  // namespace mica::hal_x64
