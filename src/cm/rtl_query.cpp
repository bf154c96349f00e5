// RtlQueryRegistryValues: a table of questions to a key.             [MSDN RtlQueryRegistryValues]
#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/zw/keys.h>

#include <algorithm>
#include <cstring>

#include "cm/environment.hpp"
#include "cm/found.hpp"
#include "cm/node.hpp"
#include "cm/rtl_path.hpp"

namespace mica::cm {
namespace {

using Entry = RTL_QUERY_REGISTRY_TABLE;

// A block of the pool that is freed at the end of its scope.
class [[nodiscard]] Block {
 public:
  Block() noexcept = default;
  Block(Block const&) = delete;
  Block& operator=(Block const&) = delete;
  ~Block() { free(); }
  [[nodiscard]] bool allocate(std::size_t bytes) noexcept {
    free();
    memory_ = ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_data);
    return memory_ != nullptr;
  }
  [[nodiscard]] void* get() const noexcept { return memory_; }

 private:
  void free() noexcept {
    if (memory_ != nullptr) ExFreePoolWithTag(memory_, tag_data);
    memory_ = nullptr;
  }
  void* memory_ = nullptr;
};

// One call of RtlQueryRegistryValues.
class Query {
 public:
  Query(HANDLE top, void* context, WCHAR const* environment) noexcept
      : top_{top}, at_{top}, context_{context}, environment_{environment} {}

  [[nodiscard]] NTSTATUS answer(Entry const& entry) noexcept {
    bool const subkey = (entry.Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0;
    bool const direct = (entry.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0;
    if (subkey && entry.Name == nullptr) return STATUS_INVALID_PARAMETER;
    if (direct && (entry.Name == nullptr || subkey || entry.QueryRoutine != nullptr))
      return STATUS_INVALID_PARAMETER;
    if ((entry.Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) at_ = top_;
    if (subkey) return enter(entry);
    if (entry.Name != nullptr) return named(entry);
    if (entry.QueryRoutine == nullptr) return STATUS_SUCCESS;  // TOPKEY alone
    if ((entry.Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0)
      return entry.QueryRoutine(nullptr, REG_NONE, nullptr, 0, context_, entry.EntryContext);
    return all(entry);
  }

 private:
  // What follows is about the subkey; a routine is called for all its values.
  [[nodiscard]] NTSTATUS enter(Entry const& entry) noexcept {
    subkey_.close();
    NTSTATUS const status = subkey_.open_below(top_, entry.Name, MAXIMUM_ALLOWED);
    if (!NT_SUCCESS(status)) return status;
    at_ = subkey_.get();
    return entry.QueryRoutine != nullptr ? all(entry) : STATUS_SUCCESS;
  }

  [[nodiscard]] NTSTATUS named(Entry const& entry) noexcept {
    UNICODE_STRING name;
    NTSTATUS status = RtlInitUnicodeStringEx(&name, entry.Name);
    if (!NT_SUCCESS(status)) return status;
    Block block;
    Found found{entry.Name, REG_NONE, nullptr, 0};
    status = read(name, block, found);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) return absent(entry);
    if (!NT_SUCCESS(status)) return status;
    status = deliver(entry, found);
    if (!NT_SUCCESS(status) || (entry.Flags & RTL_QUERY_REGISTRY_DELETE) == 0) return status;
    return ZwDeleteValueKey(at_, &name);
  }

  // The value with a terminating null behind, which no length counts. It may change meanwhile.
  [[nodiscard]] NTSTATUS read(UNICODE_STRING& name, Block& block, Found& found) noexcept {
    constexpr ULONG fixed = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
    ULONG needed = fixed + 64;
    for (;;) {
      ULONG const room = needed;
      if (!block.allocate(room + sizeof(WCHAR))) return STATUS_NO_MEMORY;
      NTSTATUS const status =
          ZwQueryValueKey(at_, &name, KeyValuePartialInformation, block.get(), room, &needed);
      if (status == STATUS_BUFFER_OVERFLOW) continue;
      if (!NT_SUCCESS(status)) return status;
      auto* const information = static_cast<KEY_VALUE_PARTIAL_INFORMATION*>(block.get());
      found.type = information->Type;
      found.bytes = information->DataLength;
      found.data = static_cast<std::byte*>(block.get()) + fixed;
      terminate(found);
      return STATUS_SUCCESS;
    }
  }

  // What the entry says that the value is when it is not there.
  [[nodiscard]] NTSTATUS absent(Entry const& entry) noexcept {
    if ((entry.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) return STATUS_OBJECT_NAME_NOT_FOUND;
    bool const checks = (entry.Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0;
    ULONG const type =
        checks ? entry.DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK : entry.DefaultType;
    if (type == REG_NONE) return STATUS_SUCCESS;
    Found const found{
        entry.Name, type, static_cast<std::byte*>(entry.DefaultData),
        entry.DefaultLength != 0 ? entry.DefaultLength : default_bytes(type, entry.DefaultData)};
    return store_or_call(entry, found);
  }

  // By their places: a routine that deletes a value makes this pass one over.
  [[nodiscard]] NTSTATUS all(Entry const& entry) noexcept {
    ULONG index = 0;
    bool any = false;
    for (;;) {
      Block block;
      UNICODE_STRING name;
      NTSTATUS status = name_at(index, block, name);
      if (status == STATUS_NO_MORE_ENTRIES) break;
      if (!NT_SUCCESS(status)) return status;
      Block data;
      Found found{name.Buffer, REG_NONE, nullptr, 0};
      status = read(name, data, found);
      if (NT_SUCCESS(status)) status = deliver(entry, found);
      if (!NT_SUCCESS(status)) return status;
      bool const deletes = (entry.Flags & RTL_QUERY_REGISTRY_DELETE) != 0;
      if (deletes) status = ZwDeleteValueKey(at_, &name);
      if (!NT_SUCCESS(status)) return status;
      if (!deletes) ++index;
      any = true;
    }
    bool const required = (entry.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0;
    return required && !any ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
  }

  // With a terminating null behind it: a block is zero-filled.
  [[nodiscard]] NTSTATUS name_at(ULONG index, Block& block, UNICODE_STRING& name) noexcept {
    constexpr ULONG fixed = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
    ULONG needed = fixed + 64;
    for (;;) {
      ULONG const room = needed;
      if (!block.allocate(room + sizeof(WCHAR))) return STATUS_NO_MEMORY;
      NTSTATUS const status =
          ZwEnumerateValueKey(at_, index, KeyValueBasicInformation, block.get(), room, &needed);
      if (status == STATUS_BUFFER_OVERFLOW) continue;
      if (!NT_SUCCESS(status)) return status;
      auto* const information = static_cast<KEY_VALUE_BASIC_INFORMATION*>(block.get());
      auto const bytes = static_cast<USHORT>(information->NameLength);
      name = {bytes, bytes, information->Name};
      return STATUS_SUCCESS;
    }
  }

  [[nodiscard]] NTSTATUS deliver(Entry const& entry, Found const& found) noexcept {
    bool const checks = (entry.Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0;
    if (checks && entry.DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT != found.type)
      return STATUS_OBJECT_TYPE_MISMATCH;
    return store_or_call(entry, found);
  }

  [[nodiscard]] NTSTATUS store_or_call(Entry const& entry, Found const& found) noexcept {
    if ((entry.Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0) {
      if (found.type == REG_MULTI_SZ) return each_string(entry, found);
      if (found.type == REG_EXPAND_SZ) return expanded(entry, found);
    }
    return hand_over(entry, found);
  }

  [[nodiscard]] NTSTATUS hand_over(Entry const& entry, Found const& found) noexcept {
    if ((entry.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) return store(entry.EntryContext, found);
    if (entry.QueryRoutine == nullptr) return STATUS_SUCCESS;
    return entry.QueryRoutine(found.name, found.type, found.data, found.bytes, context_,
                              entry.EntryContext);
  }

  [[nodiscard]] NTSTATUS each_string(Entry const& entry, Found const& found) noexcept {
    if ((entry.Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) return STATUS_INVALID_PARAMETER;
    auto* at = reinterpret_cast<WCHAR*>(found.data);
    auto* const end = at + found.bytes / sizeof(WCHAR);
    while (at < end && *at != 0) {
      WCHAR* const after = std::find(at, end, u'\0');
      auto const bytes = static_cast<ULONG>((after + 1 - at) * sizeof(WCHAR));
      NTSTATUS const status =
          hand_over(entry, {found.name, REG_SZ, reinterpret_cast<std::byte*>(at), bytes});
      if (!NT_SUCCESS(status)) return status;
      at = after + 1;
    }
    return STATUS_SUCCESS;
  }

  [[nodiscard]] NTSTATUS expanded(Entry const& entry, Found const& found) noexcept {
    std::u16string_view const text{reinterpret_cast<WCHAR*>(found.data),
                                   found.bytes / sizeof(WCHAR)};
    std::size_t const length = expand(text, environment_, nullptr, 0);
    Block block;
    if (!block.allocate(length * sizeof(WCHAR))) return STATUS_NO_MEMORY;
    static_cast<void>(expand(text, environment_, static_cast<WCHAR*>(block.get()), length));
    return hand_over(entry, {found.name, REG_SZ, static_cast<std::byte*>(block.get()),
                             static_cast<ULONG>(length * sizeof(WCHAR))});
  }

  HANDLE const top_;
  HANDLE at_;
  PathKey subkey_;
  void* const context_;
  WCHAR const* const environment_;
};

[[nodiscard]] bool ends(Entry const& entry) noexcept {
  constexpr ULONG alone =
      RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TOPKEY;
  return entry.QueryRoutine == nullptr && entry.Name == nullptr && (entry.Flags & alone) == 0;
}

}  // namespace
}  // namespace mica::cm

using namespace mica::cm;

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path,
                                      PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                      PVOID Environment) {
  PathKey top;
  NTSTATUS status = top.open(RelativeTo, Path, MAXIMUM_ALLOWED);
  if (!NT_SUCCESS(status)) {
    bool const optional = (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0;
    return optional && status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
  }
  Query query{top.get(), Context, static_cast<WCHAR const*>(Environment)};
  for (Entry const* entry = QueryTable; NT_SUCCESS(status) && !ends(*entry); ++entry)
    status = query.answer(*entry);
  return status;
}
