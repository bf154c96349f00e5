#include "ldr/pool_owners.hpp"

#include "ke/verifier.hpp"
#include "ldr/import_stub.hpp"
#include "ldr/public_names.hpp"
#include "mm/state.hpp"
#include "rtl/line.hpp"

namespace mica::ldr {

struct OwnedBlock {
  OwnedBlock* next;  // in its bucket
  void const* memory;
  std::size_t bytes;
  ULONG tag;
  std::uint32_t place;  // in the image, behind the call
  void const* image;
};

namespace {

constexpr ULONG tag_owned = 'nwOL';
constexpr ULONG most_told = 8;

[[nodiscard]] unsigned bucket_of(void const* memory) noexcept {
  std::uint64_t const hash = ke::as_parameter(memory) * 0x9E37'79B9'7F4A'7C15;
  return static_cast<unsigned>(hash >> 32) % PoolOwners::buckets;
}

// Without what may throw.
[[nodiscard]] bool allocates(std::string_view routine) noexcept {
  constexpr std::string_view start = "ExAllocatePool";
  return routine.size() >= start.size() &&
         std::memcmp(routine.data(), start.data(), start.size()) == 0;
}

// The call of the pool that a loaded image makes now; null: the executive's own, or native code's.
__attribute__((no_sanitize("thread"))) ImportCall const* allocating_call() noexcept {
  ke::Boundary const* const boundary = ke::current_thread().boundaries;
  if (boundary == nullptr || boundary->kind != ke::BoundaryKind::import) return nullptr;
  auto const* const call = reinterpret_cast<ImportCall const*>(boundary);
  return allocates(call->stub->name) ? call : nullptr;
}

// Whose stub it is: the return address need not be in that image, if it jumped to the import.
[[nodiscard]] LoadedImage const* image_of(ImportStub const& stub) noexcept {
  std::uint64_t const address = ke::as_parameter(&stub);
  for (State::Slot const& slot : state().slots) {
    if (slot.start.load(std::memory_order_acquire) == 0) continue;
    if (address - ke::as_parameter(slot.image.stubs) < slot.image.stub_bytes) return &slot.image;
  }
  return nullptr;
}

// Takes the first block out that `is_it` finds; null: there is none.
template <class IsIt>
[[nodiscard]] OwnedBlock* take(PoolOwners& owners, unsigned bucket, IsIt is_it) noexcept {
  ke::SpinGuard guard{owners.lock};
  for (OwnedBlock** at = &owners.blocks[bucket]; *at != nullptr; at = &(*at)->next) {
    if (!is_it(**at)) continue;
    OwnedBlock* const found = *at;
    *at = found->next;
    return found;
  }
  return nullptr;
}

// How many blocks the image has, of which the first ones are copied.
[[nodiscard]] ULONG blocks_of(PoolOwners& owners, void const* image,
                              OwnedBlock (&first)[most_told]) noexcept {
  ke::SpinGuard guard{owners.lock};
  ULONG count = 0;
  for (OwnedBlock const* block : owners.blocks)
    for (; block != nullptr; block = block->next)
      if (block->image == image && count++ < most_told) first[count - 1] = *block;
  return count;
}

void tell(OwnedBlock const& block, LoadedImage const& image) noexcept {
  rtl::Line line;
  line << "mica: " << image.name() << " leaves " << block.bytes << " bytes of pool at "
       << rtl::Hex{ke::as_parameter(block.memory)} << ", allocated at ";
  put_place(line, image, block.place);
  line << " with the tag '";
  for (unsigned shift = 0; shift < 32; shift += 8) {
    char const letter = static_cast<char>(block.tag >> shift);
    line << std::string_view{letter >= ' ' && letter <= '~' ? &letter : ".", 1};
  }
  line << "'";
}

}  // namespace

void NTAPI note_allocated(void const* memory, std::size_t bytes, ULONG tag) noexcept {
  ImportCall const* const call = tag == tag_owned ? nullptr : allocating_call();
  LoadedImage const* const image = call == nullptr ? nullptr : image_of(*call->stub);
  if (image == nullptr) return;
  auto* const block = static_cast<OwnedBlock*>(
      mm::allocate_pool(mm::PoolKind::nonpaged, sizeof(OwnedBlock), tag_owned));
  if (block == nullptr) return;
  *block = {nullptr, memory, bytes, tag, image->offset_of(call->return_address), image->base};
  mm::watch(memory);
  PoolOwners& owners = state().pool_owners;
  ke::SpinGuard guard{owners.lock};
  block->next = owners.blocks[bucket_of(memory)];
  owners.blocks[bucket_of(memory)] = block;
}

void NTAPI note_freed(void const* memory) noexcept {
  OwnedBlock* const block =
      take(state().pool_owners, bucket_of(memory),
           [memory](OwnedBlock const& each) { return each.memory == memory; });
  if (block != nullptr) mm::free_pool(block, tag_owned);
}

void NTAPI judge_unloaded(void const* base, WCHAR const* driver) noexcept {
  if (!ke::state().verified) return;
  OwnedBlock first[most_told];
  ULONG const count = blocks_of(state().pool_owners, base, first);
  if (count == 0) return;
  LoadedImage const* const image = find_image(ke::as_parameter(base));
  for (ULONG i = 0; i < count && i < most_told; ++i) tell(first[i], *image);
  ke::violation(ke::Rule::leave_pool, ke::as_parameter(driver), 0, count);
}

void NTAPI forget_owner(void const* base) noexcept {
  for (unsigned bucket = 0; bucket < PoolOwners::buckets; ++bucket)
    while (OwnedBlock* const block =
               take(state().pool_owners, bucket,
                    [base](OwnedBlock const& each) { return each.image == base; }))
      mm::free_pool(block, tag_owned);
}

}  // namespace mica::ldr
