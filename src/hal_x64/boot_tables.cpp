// The kernel's page tables, built while those of boot.S are loaded: physical memory is at its own
// addresses.
#include <cstring>

#include "hal_x64/instructions.hpp"
#include "hal_x64/layout.hpp"
#include "hal_x64/page_table.hpp"
#include "hal_x64/paging.hpp"
#include "hal_x64/stacks.hpp"

namespace mica::hal_x64 {

namespace {

constinit MemoryMap memory{};
constinit std::uint64_t root = 0;
constinit std::uint64_t startup_root = 0;

// kernel.ld
extern "C" std::byte __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[],
    __kernel_end[];

PageNumber boot_page() noexcept {
  PageNumber const page = memory.take(PageNumber{boot_window_bytes >> page_shift});
  if (page == no_page) Machine::stop(hal::Verdict::failed);
  std::memset(reinterpret_cast<void*>(address_of(page).value), 0, page_size);
  return page;
}

constexpr TableSource boot_source{0, boot_page, nullptr};  // one processor: nobody is faster

void set(std::uint64_t tree, std::uint64_t address, unsigned level, std::uint64_t value) noexcept {
  *find_entry(tree, address, level, boot_source) = value;
}

void map_image(std::byte const* first, std::byte const* end, std::uint64_t bits) noexcept {
  for (auto address = reinterpret_cast<std::uint64_t>(first);
       address < reinterpret_cast<std::uint64_t>(end); address += page_size) {
    set(root, address, 1, (address - kernel_base) | bits);
  }
}

void map_direct(hal::PageRange range, hal::Protection protection) noexcept {
  std::uint64_t const bits = bits_of(protection);
  std::uint64_t const end = range.first.value + range.count;
  for (std::uint64_t page = range.first.value; page < end;) {
    std::uint64_t const physical = page << page_shift;
    bool const large = page % entries_per_table == 0 && end - page >= entries_per_table;
    set(root, direct_base + physical, large ? 2 : 1, physical | bits | (large ? entry_large : 0));
    page += large ? entries_per_table : 1;
  }
}

[[nodiscard]] hal::PageRange pages_of(PhysicalRange range) noexcept {
  std::uint64_t const first = range.base >> page_shift;
  std::uint64_t const end = (range.base + range.bytes + page_size - 1) >> page_shift;
  return {PageNumber{first}, range.bytes == 0 ? 0 : end - first};
}

void unmap_guard(std::byte const* guard) noexcept {
  set(root, reinterpret_cast<std::uint64_t>(guard), 1, 0);
}

void unmap_guards() noexcept {
  unmap_guard(boot_stack.guard);
  for (auto& stacks : fault_stacks) {
    for (auto& stack : stacks) unmap_guard(stack.guard);
  }
}

// The kernel's tables under a root of their own, which also has the trampoline where a starting
// processor is.
void build_startup_root() noexcept {
  startup_root = address_of(boot_page()).value;
  auto const* const from = reinterpret_cast<std::uint64_t const*>(root);
  auto* const to = reinterpret_cast<std::uint64_t*>(startup_root);
  for (unsigned i = entries_per_table / 2; i < entries_per_table; ++i) to[i] = from[i];
  set(startup_root, trampoline_address, 1, trampoline_address | bits_of(hal::Protection::execute));
}

}  // namespace

void build_page_tables(MemoryMap const& usable, PhysicalRange ram_disk,
                       std::uint64_t local_apic) noexcept {
  memory = usable;
  root = address_of(boot_page()).value;
  map_image(__text_start, __text_end, bits_of(hal::Protection::execute));
  map_image(__rodata_start, __rodata_end, bits_of(hal::Protection::read_only));
  map_image(__data_start, __kernel_end, bits_of(hal::Protection::read_write));
  unmap_guards();
  for (hal::PageRange const range : usable.ranges()) map_direct(range, hal::Protection::read_write);
  map_direct({page_of(PhysicalAddress{trampoline_address}), 1}, hal::Protection::read_write);
  map_direct(pages_of(ram_disk), hal::Protection::read_only);
  set(root, shared_data_base, 1,
      address_of(boot_page()).value | bits_of(hal::Protection::read_write));
  set(root, apic_base, 1, local_apic | bits_of(hal::Protection::read_write) | entry_uncached);
  build_startup_root();
  write_cr3(root);
}

std::uint64_t kernel_root() noexcept {
  return root;
}
std::uint32_t trampoline_root() noexcept {
  return static_cast<std::uint32_t>(startup_root);
}

}  // namespace mica::hal_x64

namespace mica {
std::span<hal::PageRange const> Machine::physical_memory() noexcept {
  return hal_x64::memory.ranges();
}
}  // namespace mica
