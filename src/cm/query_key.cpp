// What is said of keys.                                         [MSDN ZwQueryKey, ZwEnumerateKey]
#include <nt/zw/keys.h>

#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/notice.hpp"
#include "cm/reply.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"

namespace mica::cm {
namespace {

// A key as who asks sees it.
struct Seen {
  Node const& node;
  Branch const* viewer;
};

[[nodiscard]] LARGE_INTEGER time_of(Seen const& seen) noexcept {
  LARGE_INTEGER time;
  time.QuadPart = written_of(seen.node, seen.viewer);
  return time;
}

[[nodiscard]] NTSTATUS basic(Seen const& seen, Reply& reply) noexcept {
  Node const& node = seen.node;
  constexpr ULONG fixed = offsetof(KEY_BASIC_INFORMATION, Name);
  KEY_BASIC_INFORMATION const information{time_of(seen), 0, node.name.Length, {}};
  if (!reply.begin(&information, fixed, fixed + node.name.Length)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, node.name);
  return reply.end();
}

[[nodiscard]] NTSTATUS with_class(Seen const& seen, Reply& reply) noexcept {
  Node const& node = seen.node;
  constexpr ULONG fixed = offsetof(KEY_NODE_INFORMATION, Name);
  ULONG const name_end = fixed + node.name.Length;
  bool const has_class = node.class_name.Length != 0;
  ULONG const class_offset = has_class ? aligned(name_end, sizeof(ULONG)) : nowhere;
  ULONG const total = has_class ? class_offset + node.class_name.Length : name_end;
  KEY_NODE_INFORMATION const information{time_of(seen),    0, class_offset, node.class_name.Length,
                                         node.name.Length, {}};
  if (!reply.begin(&information, fixed, total)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, node.name);
  if (has_class) reply.put(class_offset, node.class_name);
  return reply.end();
}

[[nodiscard]] NTSTATUS full(Seen const& seen, Reply& reply) noexcept {
  Node const& node = seen.node;
  constexpr ULONG fixed = offsetof(KEY_FULL_INFORMATION, Class);
  bool const has_class = node.class_name.Length != 0;
  Extent const extent = extent_of(node, seen.viewer);
  KEY_FULL_INFORMATION information{};
  information.LastWriteTime = time_of(seen);
  information.ClassOffset = has_class ? fixed : nowhere;
  information.ClassLength = node.class_name.Length;
  information.SubKeys = count_subkeys(node, seen.viewer);
  information.MaxNameLen = extent.subkey_name_bytes_max;
  information.MaxClassLen = extent.subkey_class_bytes_max;
  information.Values = values_of(node, seen.viewer).size();
  information.MaxValueNameLen = extent.value_name_bytes_max;
  information.MaxValueDataLen = extent.value_data_bytes_max;
  if (!reply.begin(&information, fixed, fixed + node.class_name.Length))
    return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, node.class_name);
  return reply.end();
}

// The path is put together before it is known how much of it fits.
[[nodiscard]] NTSTATUS path(Node const& node, Reply& reply) noexcept {
  constexpr ULONG fixed = offsetof(KEY_NAME_INFORMATION, Name);
  auto* const text =
      static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, node.path_bytes, tag_key));
  if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  write_path(node, text);
  KEY_NAME_INFORMATION const information{node.path_bytes, {}};
  bool const fits = reply.begin(&information, fixed, fixed + node.path_bytes);
  if (fits) reply.put(fixed, text, node.path_bytes);
  ExFreePoolWithTag(text, tag_key);
  return fits ? reply.end() : STATUS_BUFFER_TOO_SMALL;
}

[[nodiscard]] NTSTATUS cached(Seen const& seen, Reply& reply) noexcept {
  Node const& node = seen.node;
  Extent const extent = extent_of(node, seen.viewer);
  KEY_CACHED_INFORMATION information{};
  information.LastWriteTime = time_of(seen);
  information.SubKeys = count_subkeys(node, seen.viewer);
  information.MaxNameLen = extent.subkey_name_bytes_max;
  information.Values = values_of(node, seen.viewer).size();
  information.MaxValueNameLen = extent.value_name_bytes_max;
  information.MaxValueDataLen = extent.value_data_bytes_max;
  information.NameLength = node.name.Length;
  return reply.answer(information);
}

// What is said of a key and of a subkey alike.
[[nodiscard]] NTSTATUS query(Seen const& seen, KEY_INFORMATION_CLASS what, Reply& reply) noexcept {
  switch (what) {
    case KeyBasicInformation:
      return basic(seen, reply);
    case KeyNodeInformation:
      return with_class(seen, reply);
    case KeyFullInformation:
      return full(seen, reply);
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

[[nodiscard]] NTSTATUS query_key(Key const& key, KEY_INFORMATION_CLASS what, Reply reply) noexcept {
  TreeGuard const guard{Hold::shared};
  NTSTATUS const status = check_key(key);
  if (!NT_SUCCESS(status)) return status;
  Seen const seen{*key.node, key.branch};
  switch (what) {
    case KeyNameInformation:
      return path(seen.node, reply);
    case KeyCachedInformation:
      return cached(seen, reply);
    case KeyVirtualizationInformation:
      return reply.answer(KEY_VIRTUALIZATION_INFORMATION{});
    default:
      return query(seen, what, reply);
  }
}

[[nodiscard]] NTSTATUS query_subkey(Key const& key, ULONG index, KEY_INFORMATION_CLASS what,
                                    Reply reply) noexcept {
  TreeGuard const guard{Hold::shared};
  NTSTATUS const status = check_key(key);
  if (!NT_SUCCESS(status)) return status;
  Node const* const subkey = subkey_at(*key.node, key.branch, index);
  return subkey != nullptr ? query({*subkey, key.branch}, what, reply) : STATUS_NO_MORE_ENTRIES;
}

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_QUERY_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_QUERY_KEY_INFORMATION information{
      &opened.key(), KeyInformationClass, KeyInformation, Length, ResultLength, nullptr, nullptr,
      nullptr};
  return notified(opened.key(), {RegNtPreQueryKey, RegNtPostQueryKey}, information, [&] {
    return query_key(opened.key(), KeyInformationClass, {KeyInformation, Length, ResultLength});
  });
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_ENUMERATE_SUB_KEYS);
  if (!NT_SUCCESS(status)) return status;
  REG_ENUMERATE_KEY_INFORMATION information{&opened.key(),  Index,   KeyInformationClass,
                                            KeyInformation, Length,  ResultLength,
                                            nullptr,        nullptr, nullptr};
  return notified(opened.key(), {RegNtPreEnumerateKey, RegNtPostEnumerateKey}, information, [&] {
    return query_subkey(opened.key(), Index, KeyInformationClass,
                        {KeyInformation, Length, ResultLength});
  });
}
