// What was done to each byte of memory, as far as it can still take part in a race.
//   Kept for cells of eight bytes, pages of them made on demand and kept for the next execution.
//   Nothing is ever cleared by hand: a page whose generation has passed is empty, and so is a cell
//   whose generation is not its page's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "explore/clock.hpp"

namespace mica::explore {

// How memory was accessed. Two accesses conflict when one of them writes and one is not atomic.
struct AccessKind {
  bool writes;
  bool atomic;  // volatile counts as atomic: it is how drivers say so
  [[nodiscard]] bool covers(AccessKind other) const noexcept {
    return (writes || !other.writes) && (!atomic || other.atomic);
  }
};

struct Record {
  Epoch epoch;             // of its component
  std::uint32_t sequence;  // which access of the execution it was
  std::uint8_t component;
  std::uint8_t bytes;  // mask, of the cell's
  AccessKind kind;
};

struct Cell {
  static constexpr std::size_t bytes = 8;
  // Only records that are concurrent with each other stay: as many as there are processors, and a
  // few more for partial overlaps. A cell that overflows forgets its oldest.
  static constexpr unsigned most = 7;
  std::uint32_t generation;
  std::uint32_t count;
  Record records[most];
};

class Shadow {
 public:
  // Forgets everything.
  void clear() noexcept {
    born_ = ++generation_;
    last_number_ = 0;
  }
  // Forgets [from, to): memory that begins a new life.
  void clear(std::uintptr_t from, std::uintptr_t to) noexcept;

  // The cell of an address; what it holds is of this life.
  [[nodiscard]] Cell& cell(std::uintptr_t address) {
    std::uintptr_t const number = address / page_bytes;
    Page& page = number == last_number_ ? *last_ : find_or_make(number);
    Cell& cell = page.cells[address % page_bytes / Cell::bytes];
    if (cell.generation != page.generation) {
      cell.generation = page.generation;
      cell.count = 0;
    }
    return cell;
  }

 private:
  static constexpr std::size_t page_bytes = 4096;
  struct Page {
    std::uint32_t generation;
    Cell cells[page_bytes / Cell::bytes];
  };
  struct Entry {
    std::uintptr_t number = 0;
    std::unique_ptr<Page> page;
  };

  [[nodiscard]] Page& find_or_make(std::uintptr_t number);
  [[nodiscard]] Entry& entry_of(std::uintptr_t number) noexcept;
  void grow();

  std::uint32_t generation_ = 1;
  std::uint32_t born_ = 1;  // pages older than this are empty
  std::vector<Entry> table_ = std::vector<Entry>(1024);
  std::size_t used_ = 0;
  std::uintptr_t last_number_ = 0;  // page 0 is nobody's memory
  Page* last_ = nullptr;
};

}  // namespace mica::explore
