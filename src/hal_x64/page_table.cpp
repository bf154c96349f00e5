#include "hal_x64/page_table.hpp"

namespace mica::hal_x64 {

std::uint64_t bits_of(hal::Protection protection) noexcept {
  switch (protection) {
    case hal::Protection::read_only:
      return entry_present | entry_no_execute;
    case hal::Protection::read_write:
      return entry_present | entry_writable | entry_no_execute;
    case hal::Protection::execute:
      return entry_present;
    case hal::Protection::write_execute:
      return entry_present | entry_writable;
    case hal::Protection::no_access:
      return 0;
  }
  return 0;
}

std::uint64_t* find_entry(std::uint64_t root, std::uint64_t address, unsigned level,
                          TableSource const& source) noexcept {
  std::uint64_t table = root;
  for (unsigned at = 4;; --at) {
    auto* const entries = reinterpret_cast<std::uint64_t*>(source.window + table);
    std::uint64_t* const entry =
        &entries[(address >> (page_shift + 9 * (at - 1))) % entries_per_table];
    if (at == level) return entry;
    std::atomic_ref const next{*entry};
    std::uint64_t value = next.load(std::memory_order_acquire);
    if (value == 0) {
      PageNumber const page = source.page ? source.page() : no_page;
      if (page == no_page) return nullptr;
      std::uint64_t const linked = address_of(page).value | entry_present | entry_writable;
      if (next.compare_exchange_strong(value, linked, std::memory_order_acq_rel)) {
        value = linked;
      } else {
        source.unused(page);
      }
    }
    table = value & entry_address;
  }
}

}  // namespace mica::hal_x64
