#include "hal_host/region.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "hal_host/patch.hpp"
#include "hal_host/sanitizers.hpp"

#if defined(MICA_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace mica::hal_host {
namespace {

// Addresses that AddressSanitizer and ThreadSanitizer both leave to the program.
constexpr std::uintptr_t slots_base = 0x7e8000000000;
constexpr std::uintptr_t slots_end = 0x7eff00000000;
constexpr std::size_t slot_bytes = std::size_t{6} << 30;
constexpr unsigned slot_count = (slots_end - slots_base) / slot_bytes;

constexpr std::size_t storage_offset = 64 << 10;
constexpr std::size_t boot_stack_offset = storage_offset + Region::storage_bytes + (64 << 10);
constexpr std::size_t direct_offset = std::size_t{64} << 20;
constexpr std::size_t system_offset = std::size_t{3} << 30;
// How far a jump of five bytes leads, to either side: all of it is the slot's.
constexpr std::size_t jump_reach = std::size_t{2} << 30;
constexpr std::size_t system_pages = Region::largest_system / page_size;

static_assert(boot_stack_offset + (1 << 20) <= direct_offset);
static_assert(direct_offset + (std::size_t{1} << 20) + Region::largest_memory <=
              system_offset - jump_reach);
static_assert(system_offset + Region::largest_system + jump_reach <= slot_bytes);

constexpr std::uint32_t present = 1;

constexpr std::uint32_t encode(PageNumber page, hal::Protection protection) noexcept {
  return static_cast<std::uint32_t>(page.value << 4) | static_cast<std::uint32_t>(protection) << 1 |
         present;
}
constexpr PageNumber page_in(std::uint32_t entry) noexcept {
  return {entry >> 4};
}
constexpr hal::Protection protection_in(std::uint32_t entry) noexcept {
  return static_cast<hal::Protection>(entry >> 1 & 7);
}

constexpr int host_protection(hal::Protection protection) noexcept {
  switch (protection) {
    case hal::Protection::read_only:
      return PROT_READ;
    case hal::Protection::read_write:
      return PROT_READ | PROT_WRITE;
    case hal::Protection::execute:
      return PROT_READ | PROT_EXEC;
    case hal::Protection::write_execute:
      return PROT_READ | PROT_WRITE | PROT_EXEC;
    case hal::Protection::no_access:
      break;
  }
  return PROT_NONE;
}

// The system calls themselves: a sanitizer's interceptors would take a kernel's page for fresh
// memory.
void* host_map(void* address, std::size_t bytes, int protection, int flags, int file,
               std::uint64_t offset) noexcept {
  return reinterpret_cast<void*>(
      ::syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Region>> idle;
  std::vector<bool> taken = std::vector<bool>(slot_count);
};

// Never destroyed: a System may outlive static destructors. By call_once because TSan does not see
// who made a function's static in these sources, which are not instrumented.
Pool& pool() {
  static std::once_flag once;
  static Pool* instance;
  std::call_once(once, [] { instance = new Pool; });
  return *instance;
}

}  // namespace

Region::Region(unsigned slot, std::size_t bytes) noexcept
    : slot_{slot}, pages_{{first_page}, (bytes + page_size - 1) / page_size} {}

bool Region::build() noexcept {
  auto const wanted = slots_base + slot_ * slot_bytes;
  void* const base =
      host_map(reinterpret_cast<void*>(wanted), slot_bytes, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (reinterpret_cast<std::uintptr_t>(base) != wanted) return false;
  base_ = static_cast<std::byte*>(base);
  std::size_t const memory = pages_.count * page_size;
  file_ = ::memfd_create("mica", MFD_CLOEXEC);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(memory)) != 0) return false;
  int const both = PROT_READ | PROT_WRITE;
  if (::mprotect(base_ + storage_offset, storage_bytes, both) != 0) return false;
  hal::Stack const stack = boot_stack();
  if (::mprotect(stack.base, stack.bytes, both) != 0) return false;
  direct_ = base_ + direct_offset;
  system_ = base_ + system_offset;
  patches_.bound({base_ + (system_offset - jump_reach), system_},
                 {system_ + system_bytes(), base_ + slot_bytes});
  std::byte* const memory_base = direct_ + first_page * page_size;
  if (host_map(memory_base, memory, both, MAP_SHARED | MAP_FIXED, file_, 0) != memory_base)
    return false;
  void* const entries = ::mmap(nullptr, system_pages * sizeof(Entry), both,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (entries == MAP_FAILED) return false;
  entries_ = static_cast<Entry*>(entries);
#if defined(MICA_ASAN)
  __lsan_register_root_region(base_, slot_bytes);
#endif
  return true;
}

Region::~Region() {
#if defined(MICA_ASAN)
  if (entries_) __lsan_unregister_root_region(base_, slot_bytes);
#endif
  if (entries_) ::munmap(entries_, system_pages * sizeof(Entry));
  if (base_) ::munmap(base_, slot_bytes);
  if (file_ >= 0) ::close(file_);
}

Region* Region::acquire(std::size_t bytes) noexcept {
  if (bytes == 0 || bytes > largest_memory) return nullptr;
  Pool& all = pool();
  std::lock_guard const guard{all.mutex};
  auto const pages = (bytes + page_size - 1) / page_size;
  auto best = all.idle.end();
  for (auto entry = all.idle.begin(); entry != all.idle.end(); ++entry)
    if ((*entry)->pages_.count == pages &&
        (best == all.idle.end() || (*entry)->slot_ < (*best)->slot_))
      best = entry;
  if (best != all.idle.end()) {
    Region* const region = best->release();
    all.idle.erase(best);
    return region;
  }
  for (unsigned slot = 0; slot < slot_count; ++slot) {
    if (all.taken[slot]) continue;
    std::unique_ptr<Region> region{new Region{slot, bytes}};
    bool const built = region->build();
    if (!built && region->base_ && region->file_ < 0)
      return nullptr;  // out of descriptors: no slot will help
    if (!built) continue;
    all.taken[slot] = true;
    return region.release();
  }
  return nullptr;
}

void Region::release(Region* region) noexcept {
  region->reset();
  Pool& all = pool();
  std::lock_guard const guard{all.mutex};
  all.idle.emplace_back(region);
}

void Region::reset() noexcept {
#if defined(MICA_ASAN)
  // Flows that were abandoned on stacks in here left poison, and so did the pool in its pages.
  __asan_unpoison_memory_region(base_ + storage_offset, storage_used_);
  __asan_unpoison_memory_region(direct_ + first_page * page_size, pages_.count * page_size);
#endif
  patches_.clear();
  std::memset(base_ + storage_offset, 0, storage_used_);
  storage_used_ = 0;
  for (std::size_t i = touched_first_; i < touched_end_; ++i) entries_[i].kernel = 0;
  stale_ = touched_first_ != touched_end_;
}

void* Region::take_storage(std::size_t bytes) noexcept {
  std::size_t const rounded = (bytes + page_size - 1) & ~(page_size - 1);
  if (rounded > storage_bytes - storage_used_) return nullptr;
  void* const taken = base_ + storage_offset + storage_used_;
  storage_used_ += rounded;
  return taken;
}

std::size_t Region::system_bytes() const noexcept {
  return std::min(largest_system, 4 * pages_.count * page_size);
}

hal::Stack Region::boot_stack() const noexcept {
  return {base_ + boot_stack_offset, std::size_t{512} << 10};
}

std::size_t Region::index_of(void const* address) const noexcept {
  return static_cast<std::size_t>(static_cast<std::byte const*>(address) - system_) >> page_shift;
}

void Region::touch(std::size_t index) noexcept {
  if (touched_first_ == touched_end_) touched_first_ = index, touched_end_ = index + 1;
  touched_first_ = std::min(touched_first_, index);
  touched_end_ = std::max(touched_end_, index + 1);
}

bool Region::is_device(std::uint32_t entry) const noexcept {
  return (entry & present) != 0 && !is_memory(page_in(entry));
}

bool Region::tell_host(std::size_t index, std::uint32_t wanted) noexcept {
  Entry& entry = entries_[index];
  if (is_device(wanted)) wanted = 0;
  if (entry.host == wanted) return true;
  std::byte* const address = system_ + (index << page_shift);
  void* mapped;
  if (wanted & present) {
    mapped =
        host_map(address, page_size, host_protection(protection_in(wanted)), MAP_SHARED | MAP_FIXED,
                 file_, (page_in(wanted).value - first_page) << page_shift);
  } else {
    mapped = host_map(address, page_size, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  }
  if (mapped != address) return false;
  entry.host = wanted;
  return true;
}

void* Region::direct_address(void* address) const noexcept {
  auto* const byte = static_cast<std::byte*>(address);
  if (byte < system_) return byte;
  std::size_t const index = index_of(byte);
  return direct_ + (page_in(entries_[index].kernel).value << page_shift) +
         (byte - (system_ + (index << page_shift)));
}

bool Region::map(void* address, PageNumber page, hal::Protection protection) noexcept {
  if (!is_memory(page)) return false;
  std::size_t const index = index_of(address);
  if (index >= system_pages) return false;
  touch(index);
  note(index);
  if (!tell_host(index, encode(page, protection))) return false;  // Linux's limit on mappings
  entries_[index].kernel = entries_[index].host;
#if defined(MICA_ASAN)
  __asan_unpoison_memory_region(system_ + (index << page_shift), page_size);
#endif
  return true;
}

void Region::map_device(void* address, PageNumber page, hal::Protection protection) noexcept {
  std::size_t const index = index_of(address);
  touch(index);
  note(index);
  entries_[index].kernel = encode(page, protection);
  [[maybe_unused]] bool const told = tell_host(index, 0);
}

bool Region::device_at(std::uint64_t address, std::uint64_t bytes, std::uint64_t& physical,
                       bool write) const noexcept {
  auto const offset = address - reinterpret_cast<std::uint64_t>(system_);
  if (offset >= system_bytes() || bytes > page_size - offset % page_size) return false;
  std::uint32_t const entry = entries_[offset >> page_shift].kernel;
  if (!is_device(entry)) return false;
  if (write && protection_in(entry) != hal::Protection::read_write) return false;
  physical = (page_in(entry).value << page_shift) + offset % page_size;
  return true;
}

void Region::unmap(void* address) noexcept {
  std::size_t const index = index_of(address);
  note(index);
  if (!keeps_journal()) forget_patches(*this, address);
  entries_[index].kernel = 0;
  [[maybe_unused]] bool const told = tell_host(index, 0);
}

void Region::protect(void* address, hal::Protection protection) noexcept {
  std::size_t const index = index_of(address);
  note(index);
  if (!keeps_journal() && protection != hal::Protection::execute) take_back_patches(*this, address);
  std::uint32_t const wanted = encode(page_in(entries_[index].kernel), protection);
  entries_[index].kernel = wanted;
  [[maybe_unused]] bool const told = tell_host(index, wanted);
}

void Region::take_back(std::vector<Change>& journal) noexcept {
  for (; !journal.empty(); journal.pop_back()) {
    auto const [index, before] = journal.back();
    entries_[index].kernel = before;
    [[maybe_unused]] bool const told = tell_host(index, before);
  }
}

void Region::drop_stale() noexcept {
  if (!stale_) return;
  stale_ = false;
  std::size_t end;
  for (std::size_t i = touched_first_; i < touched_end_; i = end) {
    end = i + 1;
    if (entries_[i].kernel || !entries_[i].host) continue;
    while (end < touched_end_ && !entries_[end].kernel && entries_[end].host) ++end;
    host_map(system_ + (i << page_shift), (end - i) << page_shift, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    for (std::size_t page = i; page < end; ++page) entries_[page].host = 0;
  }
}

std::span<std::byte> Region::all() const noexcept {
  return {base_, slot_bytes};
}

bool Region::contains(void const* address) const noexcept {
  auto const* const byte = static_cast<std::byte const*>(address);
  return byte >= base_ && byte < base_ + slot_bytes;
}

bool Region::executes(void const* address, std::size_t bytes) const noexcept {
  auto const* const first = static_cast<std::byte const*>(address);
  constexpr std::uint32_t code =
      static_cast<std::uint32_t>(hal::Protection::execute) << 1 | present;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (first + i < system_ || first + i >= system_ + system_bytes()) return false;
    if ((entries_[index_of(first + i)].kernel & 15) != code) return false;
  }
  return true;
}

bool Region::allows(void const* address, std::size_t bytes, bool write) const noexcept {
  auto const* const first = static_cast<std::byte const*>(address);
  if (bytes == 0) return true;
  auto const within = [&](std::byte const* base, std::size_t size) {
    return first >= base && first < base + size &&
           bytes <= static_cast<std::size_t>(base + size - first);
  };
  if (within(direct_ + first_page * page_size, pages_.count * page_size)) return true;
  if (within(base_ + storage_offset, storage_bytes)) return true;
  hal::Stack const stack = boot_stack();
  if (within(static_cast<std::byte const*>(stack.base), stack.bytes)) return true;
  if (!within(system_, system_bytes())) return false;
  for (std::size_t i = index_of(first); i <= index_of(first + bytes - 1); ++i) {
    std::uint32_t const entry = entries_[i].kernel;
    if (!(entry & present) || protection_in(entry) == hal::Protection::no_access) return false;
    if (is_device(entry)) return false;  // a look there is an access of the device
    if (write && protection_in(entry) != hal::Protection::read_write &&
        protection_in(entry) != hal::Protection::write_execute)
      return false;
  }
  return true;
}

}  // namespace mica::hal_host
