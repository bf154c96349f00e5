// The memory of one System, at a fixed place that depends only on which slot it got:
//   storage        for the executive's state and the boot stack; zero when acquired
//   direct map     all physical memory, from one memfd, so that a page can be mapped at several
//   addresses
//   system space   what mm hands out; nothing is accessible at first
//   patches        code that drivers' instructions became (patch.hpp): wherever their jumps reach
// Regions are pooled for the whole process: making a System is then a matter of clearing what the
// last one used. Physical memory holds whatever was left there, as a PC's does.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hal/machine_concept.hpp"
#include "hal_host/patch_area.hpp"

namespace mica::hal_host {

class Region {
 public:
  static constexpr std::size_t storage_bytes = std::size_t{32} << 20;
  static constexpr std::size_t largest_memory = std::size_t{768} << 20;
  static constexpr std::size_t largest_system = std::size_t{768} << 20;
  static constexpr std::uint64_t first_page =
      256;  // the first MiB is not memory: a null page faults

  // Null: no slot or no memory left. `bytes` is rounded up to pages.
  [[nodiscard]] static Region* acquire(std::size_t bytes) noexcept;
  static void release(Region* region) noexcept;
  ~Region();
  Region(Region const&) = delete;
  Region& operator=(Region const&) = delete;

  [[nodiscard]] PatchArea& patches() noexcept { return patches_; }

  // Forgets every mapping and zeroes the storage that take_storage() gave.
  void reset() noexcept;
  // Zeroed memory that lives until reset(); page-aligned. Null when `storage_bytes` are used up.
  [[nodiscard]] void* take_storage(std::size_t bytes) noexcept;
  [[nodiscard]] hal::Stack boot_stack() const noexcept;

  [[nodiscard]] std::byte* direct() const noexcept { return direct_; }
  [[nodiscard]] std::byte* system() const noexcept { return system_; }
  // Four times as much as there is memory, up to the largest: what is left is for patches.
  [[nodiscard]] std::size_t system_bytes() const noexcept;
  [[nodiscard]] hal::PageRange const& pages() const noexcept { return pages_; }
  [[nodiscard]] unsigned slot() const noexcept { return slot_; }
  // Where all of it stands, the holes between its parts included.
  [[nodiscard]] std::span<std::byte> all() const noexcept;

  // The same bytes in the direct map: of what is mapped in system space, or stands there already.
  [[nodiscard]] void* direct_address(void* address) const noexcept;
  [[nodiscard]] bool map(void* address, PageNumber page, hal::Protection protection) noexcept;
  // The same of a page that is not memory, but a device's: nothing is there for Linux.
  void map_device(void* address, PageNumber page, hal::Protection protection) noexcept;
  void unmap(void* address) noexcept;
  void protect(void* address, hal::Protection protection) noexcept;
  // What mappings were before they change is noted there; null: nowhere.
  struct Change {
    std::size_t index;
    std::uint32_t before;
  };
  void keep_journal(std::vector<Change>* journal) noexcept { journal_ = journal; }
  // Then what memory holds may be taken back too.
  [[nodiscard]] bool keeps_journal() const noexcept { return journal_ != nullptr; }
  // Every change since, the last first; the journal is empty then.
  void take_back(std::vector<Change>& journal) noexcept;
  // Mappings of the previous life that this one has not taken over become inaccessible.
  void drop_stale() noexcept;
  // Whether [address, address + bytes) is the region's; and if so whether it may be read or
  // written.
  [[nodiscard]] bool contains(void const* address) const noexcept;
  [[nodiscard]] bool allows(void const* address, std::size_t bytes, bool write) const noexcept;
  // Where those bytes of system space are, if a device's page is mapped there that has them all;
  // and may be written, if that is asked.
  [[nodiscard]] bool device_at(std::uint64_t address, std::uint64_t bytes, std::uint64_t& physical,
                               bool write = false) const noexcept;
  // Whether those bytes of system space are code, all of them, that is not written.
  [[nodiscard]] bool executes(void const* address, std::size_t bytes) const noexcept;

 private:
  // A page's mapping in one word: page number, protection, present.
  struct Entry {
    std::uint32_t kernel;  // what the executive asked for
    std::uint32_t
        host;  // what Linux was told: outlives a reset, so the next boot need not tell it again
  };

  Region(unsigned slot, std::size_t bytes) noexcept;
  [[nodiscard]] bool build() noexcept;
  [[nodiscard]] std::size_t index_of(void const* address) const noexcept;
  [[nodiscard]] bool is_memory(PageNumber page) const noexcept {
    return page.value - pages_.first.value < pages_.count;
  }
  [[nodiscard]] bool is_device(std::uint32_t entry) const noexcept;
  [[nodiscard]] bool tell_host(std::size_t index, std::uint32_t wanted) noexcept;
  void touch(std::size_t index) noexcept;
  void note(std::size_t index) {
    if (journal_) [[unlikely]]
      journal_->push_back({index, entries_[index].kernel});
  }

  unsigned slot_;
  int file_ = -1;
  std::byte* base_ = nullptr;
  std::byte* direct_ = nullptr;
  std::byte* system_ = nullptr;
  hal::PageRange pages_{};
  std::size_t storage_used_ = 0;
  Entry* entries_ = nullptr;
  std::size_t touched_first_ = 0;  // the entries that may be other than zero: [first, end)
  std::size_t touched_end_ = 0;
  bool stale_ = false;
  std::vector<Change>* journal_ = nullptr;
  PatchArea patches_;
};

}  // namespace mica::hal_host
