#include "hal_host/patch_area.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace mica::hal_host {
namespace {

constexpr std::uint64_t page_bytes = 4096;

[[nodiscard]] std::uint64_t address_of(void const* there) noexcept {
  return reinterpret_cast<std::uint64_t>(there);
}
[[nodiscard]] Patch* page_of(Patch const& patch) noexcept {
  return reinterpret_cast<Patch*>(address_of(&patch) & ~(page_bytes - 1));
}

// The system calls themselves, as region.cpp has them.
[[nodiscard]] bool map_page(std::uint64_t page, int protection) noexcept {
  auto const mapped = ::syscall(SYS_mmap, page, page_bytes, protection,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return static_cast<std::uint64_t>(mapped) == page;
}
[[nodiscard]] bool protect_page(Patch const* page, int protection) noexcept {
  return ::syscall(SYS_mprotect, page, page_bytes, protection) == 0;
}

}  // namespace

void PatchArea::bound(std::span<std::byte> low, std::span<std::byte> high) noexcept {
  parts_[0] = low;
  parts_[1] = high;
}

Patch* PatchArea::free_in(std::size_t page, std::uint64_t first,
                          std::uint64_t last) const noexcept {
  for (std::size_t i = 0; i < patches_in_page; ++i)
    if (std::uint64_t const here = address_of(&pages_[page][i]);
        sites_[page][i] == 0 && here >= first && here <= last)
      return &pages_[page][i];
  return nullptr;
}

std::size_t PatchArea::find(std::uint64_t page) const noexcept {
  for (std::size_t i = 0; i < page_count_; ++i)
    if (address_of(pages_[i]) == page) return i;
  return most_pages;
}

std::uint64_t& PatchArea::site_of(Patch const& patch) noexcept {
  Patch const* const page = page_of(patch);
  return sites_[find(address_of(page))][&patch - page];
}

Patch* PatchArea::take(std::uint64_t first, std::uint64_t last) noexcept {
  for (std::size_t i = 0; i < page_count_; ++i)
    if (Patch* const patch = free_in(i, first, last))
      return protect_page(pages_[i], PROT_READ | PROT_WRITE) ? patch : nullptr;
  for (std::span<std::byte> const part : parts_)
    if (Patch* const patch = add_page(part, first, last)) return patch;
  return nullptr;
}

// The first page of the part that has a patch to give there.
Patch* PatchArea::add_page(std::span<std::byte> part, std::uint64_t first,
                           std::uint64_t last) noexcept {
  if (page_count_ == most_pages || part.empty()) return nullptr;
  std::uint64_t const end = address_of(part.data()) + part.size();
  std::uint64_t page = std::max(first & ~(page_bytes - 1), address_of(part.data()));
  for (; page <= last && page < end; page += page_bytes) {
    auto* const patches = reinterpret_cast<Patch*>(page);
    std::uint64_t const highest = address_of(&patches[patches_in_page - 1]);
    if (highest < first || find(page) != most_pages) continue;
    if (!map_page(page, PROT_READ | PROT_WRITE)) return nullptr;
    pages_[page_count_] = patches;
    std::fill_n(sites_[page_count_], patches_in_page, 0);
    return free_in(page_count_++, first, last);
  }
  return nullptr;
}

bool PatchArea::seal(Patch const& patch, bool used) noexcept {
  if (!protect_page(page_of(patch), PROT_READ | PROT_EXEC)) return false;
  if (used) site_of(patch) = patch.site;
  return true;
}

void PatchArea::give_back(Patch const& patch) noexcept {
  site_of(patch) = 0;
}

Patch* PatchArea::at(std::uint64_t instruction) const noexcept {
  std::uint64_t const offset = instruction % page_bytes;
  std::size_t const page = find(instruction - offset), index = offset / sizeof(Patch);
  bool const is_code = offset % sizeof(Patch) < sizeof(Patch::code);
  return page != most_pages && sites_[page][index] != 0 && is_code ? &pages_[page][index] : nullptr;
}

Patch* PatchArea::in(std::uint64_t begin, std::uint64_t end) const noexcept {
  for (std::size_t i = 0; i < page_count_; ++i)
    for (std::size_t j = 0; j < patches_in_page; ++j)
      if (sites_[i][j] - begin < end - begin) return &pages_[i][j];
  return nullptr;
}

void PatchArea::clear() noexcept {
  for (std::size_t i = 0; i < page_count_; ++i)
    static_cast<void>(map_page(address_of(pages_[i]), PROT_NONE));
  page_count_ = 0;
}

}  // namespace mica::hal_host
