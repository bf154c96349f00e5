#include "ob/handle_table.hpp"

#include <machine.hpp>

namespace mica::ob {
namespace {

// An entry's word, from the top: generation 5, held references 11, bits 4 to 47 of the header's
// address, flags 4. A free entry has only its generation.
constexpr std::uint64_t inherit = 1, protect = 2;
constexpr std::uint64_t flags_mask = 0xF;
constexpr std::uint64_t address_mask = 0x0000'FFFF'FFFF'FFF0;
static_assert(alignof(Header) > flags_mask);
constexpr unsigned held_shift = 48, held_bits = 11, generation_shift = 59, generation_bits = 5;
constexpr std::uint64_t one_held = std::uint64_t{1} << held_shift;
constexpr LONG64 refill_count = (1 << held_bits) - 1;
constexpr std::uint64_t generations = 1u << generation_bits;

constexpr std::uint64_t held(std::uint64_t word) {
  return (word >> held_shift) & refill_count;
}
constexpr std::uint64_t generation(std::uint64_t word) {
  return word >> generation_shift;
}

// Addresses are canonical: bit 47 says what stands above.
Header* object(std::uint64_t word) {
  auto const address = static_cast<std::int64_t>((word & address_mask) << 16) >> 16;
  return reinterpret_cast<Header*>(address);
}

constexpr std::uint64_t flags_of(ULONG attributes) {
  return ((attributes & OBJ_INHERIT) != 0 ? inherit : 0) |
         ((attributes & OBJ_PROTECT_CLOSE) != 0 ? protect : 0);
}
constexpr ULONG attributes_of(std::uint64_t word) {
  return ((word & inherit) != 0 ? OBJ_INHERIT : 0) |
         ((word & protect) != 0 ? OBJ_PROTECT_CLOSE : 0);
}

constexpr unsigned slot_bits = 24;
constexpr std::uint32_t slot_of(ULONG handle) {
  return (handle >> 2) & ((1u << slot_bits) - 1);
}
constexpr std::uint64_t generation_of(ULONG handle) {
  return handle >> (slot_bits + 2);
}

constexpr bool is_open(std::uint64_t word, std::uint64_t wanted) {
  return (word & address_mask) != 0 && generation(word) == wanted;
}

}  // namespace

HandleTable::Entry* HandleTable::entry_of(std::uint32_t slot) noexcept {
  Middle* const middle = root_[slot >> (leaf_bits + middle_bits)].load(std::memory_order_acquire);
  if (middle == nullptr) return nullptr;
  std::uint32_t const index = (slot >> leaf_bits) & ((1u << middle_bits) - 1);
  Leaf* const leaf = middle->leaves[index].load(std::memory_order_acquire);
  if (leaf == nullptr) return nullptr;
  return &leaf->entries[slot & ((1u << leaf_bits) - 1)];
}

NTSTATUS HandleTable::insert(Grant const& grant, ULONG* handle) noexcept {
  std::uint32_t slot = 0;
  Entry* entry = take_free(&slot);
  while (entry == nullptr) {
    if (!grow()) return STATUS_INSUFFICIENT_RESOURCES;
    entry = take_free(&slot);
  }
  // One reference is the handle's, one is held for the first resolve.
  reference(*grant.object);
  std::uint64_t const era = generation(entry->word.load(std::memory_order_relaxed));
  entry->access.store(grant.access, std::memory_order_relaxed);
  auto const address = reinterpret_cast<std::uint64_t>(grant.object) & address_mask;
  std::uint64_t const word =
      era << generation_shift | one_held | address | flags_of(grant.attributes);
  entry->word.store(word, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
  *handle = static_cast<ULONG>(era << (slot_bits + 2)) | slot << 2;
  return STATUS_SUCCESS;
}

bool HandleTable::resolve(ULONG handle, Grant* grant) noexcept {
  Entry* const entry = entry_of(slot_of(handle));
  if (entry == nullptr) return false;
  std::uint64_t const era = generation_of(handle);
  std::uint64_t word = entry->word.load(std::memory_order_acquire);
  for (;;) {
    if (!is_open(word, era)) return false;
    if (held(word) <= 1) {
      if (!refill(*entry, era)) return false;
      word = entry->word.load(std::memory_order_acquire);
      continue;
    }
    ACCESS_MASK const access = entry->access.load(std::memory_order_relaxed);
    if (entry->word.compare_exchange_weak(word, word - one_held, std::memory_order_acquire)) {
      *grant = {object(word), access, attributes_of(word)};
      return true;
    }
  }
}

// Raises the entry's held references from 1 (or 0, seen only here) to the most; false if the handle
// was closed. The one that was held is taken first: it keeps the object alive while more are
// fetched, whatever a close does meanwhile.
bool HandleTable::refill(Entry& entry, std::uint64_t era) noexcept {
  ke::RaiseToDispatch raised;
  do {
    Machine::await(entry.refill, 1);
  } while (entry.refill.exchange(1, std::memory_order_acquire) != 0);
  std::uint64_t word = entry.word.load(std::memory_order_acquire);
  while (is_open(word, era) && held(word) == 1) {
    if (!entry.word.compare_exchange_weak(word, word - one_held, std::memory_order_acquire))
      continue;
    Header& header = *object(word);
    reference(header, refill_count - 1);
    std::uint64_t empty = word - one_held;
    // Only flags can change while none is held: everybody else who wants one waits here.
    while (is_open(empty, era) &&
           !entry.word.compare_exchange_weak(empty, empty | refill_count * one_held)) {
    }
    word = entry.word.load(std::memory_order_acquire);
    if (is_open(empty, era)) break;
    entry.refill.store(0, std::memory_order_release);
    dereference(header, refill_count);
    return false;
  }
  bool const open = is_open(word, era);
  entry.refill.store(0, std::memory_order_release);
  return open;
}

NTSTATUS HandleTable::remove(ULONG handle, Header** removed) noexcept {
  std::uint32_t const slot = slot_of(handle);
  Entry* const entry = entry_of(slot);
  if (entry == nullptr) return STATUS_INVALID_HANDLE;
  std::uint64_t const era = generation_of(handle);
  std::uint64_t const freed = ((era + 1) % generations) << generation_shift;
  std::uint64_t word = entry->word.load(std::memory_order_acquire);
  do {
    if (!is_open(word, era)) return STATUS_INVALID_HANDLE;
    if ((word & protect) != 0) return STATUS_HANDLE_NOT_CLOSABLE;
  } while (!entry->word.compare_exchange_weak(word, freed, std::memory_order_acq_rel));
  count_.fetch_sub(1, std::memory_order_relaxed);
  give_free(slot, *entry);
  *removed = object(word);
  // The handle's own reference remains with the caller, so this is never the last.
  if (auto const unused = static_cast<LONG64>(held(word)); unused != 0)
    dereference(**removed, unused);
  return STATUS_SUCCESS;
}

bool HandleTable::set_attributes(ULONG handle, ULONG attributes) noexcept {
  Entry* const entry = entry_of(slot_of(handle));
  if (entry == nullptr) return false;
  std::uint64_t const era = generation_of(handle);
  std::uint64_t word = entry->word.load(std::memory_order_acquire);
  do {
    if (!is_open(word, era)) return false;
  } while (!entry->word.compare_exchange_weak(word, (word & ~flags_mask) | flags_of(attributes)));
  return true;
}

}  // namespace mica::ob
