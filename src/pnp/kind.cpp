#include "pnp/kind.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "base/letters.hpp"
#include "base/list.hpp"
#include "ob/type.hpp"

namespace mica::pnp {
namespace {

constexpr ULONG tag_kind = ob::pool_tag("PpKi");

[[nodiscard]] Kind* NTAPI find_kind(std::string_view identifier) noexcept {
  LIST_ENTRY& kinds = state().kinds;
  for (LIST_ENTRY* entry = kinds.Flink; entry != &kinds; entry = entry->Flink) {
    Kind& kind = MICA_CONTAINING(*entry, Kind, entry);
    if (equal_in_any_case(kind.described.name, identifier)) return &kind;
  }
  return nullptr;
}

// In any case of letters.
[[nodiscard]] bool NTAPI is_same(std::string_view identifier, WCHAR const* text) noexcept {
  for (char const letter : identifier) {
    WCHAR const other = *text++;
    if (other == 0 || other > '~' || lower(static_cast<char>(other)) != lower(letter)) return false;
  }
  return *text == 0;
}

}  // namespace

NTSTATUS NTAPI add_kind(Description const& described) noexcept {
  if (find_kind(described.name) != nullptr) return STATUS_OBJECT_NAME_COLLISION;
  std::string_view const text = described.text;
  auto* const block = static_cast<char*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Kind) + text.size(), tag_kind));
  if (block == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  auto* const kind = reinterpret_cast<Kind*>(block);
  std::memcpy(block + sizeof(Kind), text.data(), text.size());
  DeviceReader reader{{block + sizeof(Kind), text.size()}};
  bool const is_read = reader.next(kind->described);
  MICA_ASSERT(is_read);  // it was read before
  static_cast<void>(is_read);
  kind->references = 1;
  list_append(state().kinds, kind->entry);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI forget_kind(std::string_view identifier) noexcept {
  Kind* const kind = find_kind(identifier);
  if (kind == nullptr) return STATUS_NO_SUCH_DEVICE;
  list_remove(kind->entry);
  drop(*kind);
  return STATUS_SUCCESS;
}

Kind* NTAPI reference_kind(WCHAR const* identifiers) noexcept {
  LIST_ENTRY& kinds = state().kinds;
  for (WCHAR const* at = identifiers; at != nullptr && *at != 0;) {
    for (LIST_ENTRY* entry = kinds.Flink; entry != &kinds; entry = entry->Flink) {
      Kind& kind = MICA_CONTAINING(*entry, Kind, entry);
      if (!is_same(kind.described.name, at)) continue;
      ++kind.references;
      return &kind;
    }
    while (*at++ != 0) continue;
  }
  return nullptr;
}

void NTAPI drop(Kind& kind) noexcept {
  if (--kind.references == 0) ExFreePoolWithTag(&kind, tag_kind);
}

}  // namespace mica::pnp
