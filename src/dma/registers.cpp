// Map registers: pages that a device is to reach, and what stands in for those that it cannot.
#include <algorithm>
#include <cstring>

#include "dma/adapter.hpp"
#include "mm/mdl.hpp"

namespace mica::dma {
namespace {

// Apart: a call out of this convention would make its caller save the vector registers.
[[gnu::noinline]] void NTAPI copy_bytes(void* to, void const* from, std::size_t bytes) noexcept {
  std::memcpy(to, from, bytes);
}

PhysicalAddress behind(PhysicalAddress address, std::uint64_t bytes) noexcept {
  return {address.value + bytes};
}

bool reaches(Adapter const& adapter, Cursor::Piece const& piece) noexcept {
  return address_of(piece.page).value + piece.begin + piece.bytes - 1 <= adapter.last_address;
}

// Where the device finds the piece instead: behind the one before it, if that is copied too, so
// that what has neighbours in the buffer has them there; null: where it is.
std::byte* bounce_of(Adapter const& adapter, Mapping const& mapping,
                     Cursor::Piece const& piece) noexcept {
  if (!mapping.bounces && reaches(adapter, piece)) return nullptr;
  MapRegister const* const next = &mapping.base + mapping.base.used;
  bool const follows = mapping.base.used != 0 && next[-1].bounce != nullptr && next[-1].bytes != 0;
  if (follows) return next[-1].bounce + next[-1].bytes;
  return adapter.bounce + static_cast<std::size_t>(next - adapter.registers) * page_size +
         piece.begin;
}

PhysicalAddress device_address(Adapter const& adapter, std::byte const* bounce,
                               Cursor::Piece const& piece) noexcept {
  if (bounce == nullptr) return behind(address_of(piece.page), piece.begin);
  return behind(adapter.bounce_address, static_cast<std::uint64_t>(bounce - adapter.bounce));
}

std::byte* memory_of(MapRegister const& mapped) noexcept {
  return static_cast<std::byte*>(mm::direct(mapped.page)) + mapped.begin;
}

}  // namespace

MapRegister* NTAPI take_run(Adapter& adapter, ULONG count) noexcept {
  ULONG free = 0;
  for (ULONG i = 0; i < adapter.register_count;) {
    MapRegister& at = adapter.registers[i];
    free = at.run != 0 ? 0 : free + 1;
    i += std::max<ULONG>(at.run, 1);
    if (free != count) continue;
    MapRegister& base = adapter.registers[i - count];
    base.run = count;
    base.used = base.mapped = 0;
    adapter.registers_taken += count;
    return &base;
  }
  return nullptr;
}

void NTAPI free_run(Adapter& adapter, MapRegister& base) noexcept {
  forget_run(adapter, base);
  for (ULONG i = 0; i < base.used; ++i) (&base)[i].bytes = 0;
  adapter.registers_taken -= base.run;
  base.run = 0;
}

MapRegister& NTAPI run_of(Adapter& adapter, void* base) noexcept {
  auto const offset =
      reinterpret_cast<std::uintptr_t>(base) - reinterpret_cast<std::uintptr_t>(adapter.registers);
  std::size_t const index = offset / sizeof(MapRegister);
  bool const is_one = index < adapter.register_count && offset % sizeof(MapRegister) == 0;
  if (!is_one || adapter.registers[index].run == 0) [[unlikely]]
    violation(Violation::free_map_registers, ke::as_parameter(base));
  return adapter.registers[index];
}

Cursor::Cursor(PMDL mdl, std::uint64_t offset) noexcept : mdl_{mdl}, offset_{offset} {
  enter();
}

// On to the descriptor list that has the byte; it has to have pages.
void NTAPI Cursor::enter() noexcept {
  while (mdl_ != nullptr && offset_ >= mdl_->ByteCount) {
    offset_ -= mdl_->ByteCount;
    mdl_ = mdl_->Next;
  }
  if (mdl_ != nullptr && (mdl_->MdlFlags & mm::has_pages) == 0) [[unlikely]]
    violation(Violation::not_locked, ke::as_parameter(mdl_));
}

bool NTAPI Cursor::peek(std::uint64_t most, Piece& piece) const noexcept {
  if (mdl_ == nullptr || most == 0) return false;
  std::uint64_t const at = mdl_->ByteOffset + offset_;
  piece.page = {MmGetMdlPfnArray(mdl_)[at >> page_shift]};
  piece.begin = static_cast<ULONG>(at & (page_size - 1));
  std::uint64_t const rest = std::min(most, mdl_->ByteCount - offset_);
  piece.bytes = static_cast<ULONG>(std::min<std::uint64_t>(rest, page_size - piece.begin));
  return true;
}

void NTAPI Cursor::skip(Piece const& piece) noexcept {
  offset_ += piece.bytes;
  enter();
}

ULONG NTAPI count_pieces(Cursor cursor, std::uint64_t bytes) noexcept {
  ULONG count = 0;
  Cursor::Piece piece;
  while (cursor.peek(bytes, piece)) {
    cursor.skip(piece);
    bytes -= piece.bytes;
    ++count;
  }
  return bytes == 0 ? count : 0;
}

std::uint64_t NTAPI offset_of(PMDL mdl, void* address) noexcept {
  std::uint64_t const offset = reinterpret_cast<std::uintptr_t>(address) -
                               reinterpret_cast<std::uintptr_t>(MmGetMdlVirtualAddress(mdl));
  if (offset >= mdl->ByteCount) [[unlikely]]
    violation(Violation::outside_list, ke::as_parameter(address), ke::as_parameter(mdl));
  return offset;
}

PhysicalAddress NTAPI address_of_piece(Adapter const& adapter, Mapping const& mapping,
                                       Cursor::Piece const& piece) noexcept {
  return device_address(adapter, bounce_of(adapter, mapping, piece), piece);
}

PhysicalAddress NTAPI map_piece(Adapter& adapter, Mapping const& mapping,
                                Cursor::Piece const& piece) noexcept {
  MapRegister& base = mapping.base;
  std::byte* const bounce = bounce_of(adapter, mapping, piece);
  MapRegister& next = (&base)[base.used];
  next.page = piece.page;
  next.bounce = bounce;
  next.begin = piece.begin;
  next.bytes = piece.bytes;
  if (bounce != nullptr && mapping.writes) copy_bytes(bounce, memory_of(next), next.bytes);
  ++base.used;
  ++base.mapped;
  return device_address(adapter, bounce, piece);
}

bool NTAPI must_bounce(Adapter const& adapter, Cursor cursor, ULONG bytes) noexcept {
  if (adapter.scatter_gather) return false;
  Cursor::Piece piece;
  for (std::uint64_t end = 0; cursor.peek(bytes, piece); bytes -= piece.bytes) {
    std::uint64_t const at = address_of(piece.page).value + piece.begin;
    if (!reaches(adapter, piece) || (end != 0 && at != end)) return true;
    end = at + piece.bytes;
    cursor.skip(piece);
  }
  return false;
}

ULONG NTAPI find_mapped(MapRegister const& base, Cursor cursor) noexcept {
  Cursor::Piece piece;
  if (!cursor.peek(1, piece)) return base.used;
  ULONG i = 0;
  for (; i < base.used; ++i) {
    MapRegister const& mapped = (&base)[i];
    if (mapped.page == piece.page && piece.begin - mapped.begin < mapped.bytes) break;
  }
  return i;
}

ULONG NTAPI flush(MapRegister& base, ULONG from, ULONG bytes, bool writes) noexcept {
  ULONG done = 0;
  for (ULONG i = from; i < base.used && done < bytes; ++i) {
    MapRegister& mapped = (&base)[i];
    if (mapped.bytes == 0) continue;
    if (mapped.bounce != nullptr && !writes)
      copy_bytes(memory_of(mapped), mapped.bounce, std::min(mapped.bytes, bytes - done));
    done += mapped.bytes;
    mapped.bytes = 0;
    --base.mapped;
  }
  if (base.mapped == 0) base.used = 0;
  return done;
}

}  // namespace mica::dma
