// Changing keys and values.
//   [MSDN ZwSetValueKey, ZwDeleteValueKey, ZwDeleteKey, ZwFlushKey, ZwSetInformationKey]
#include <nt/zw/keys.h>

#include "cm/key.hpp"
#include "cm/link.hpp"
#include "cm/notice.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"
#include "ob/directory.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] NTSTATUS set(Node& node, UNICODE_STRING const& name, Data const& data) noexcept {
  if (name.Length > value_name_bytes_max || name.Length % sizeof(WCHAR) != 0)
    return STATUS_INVALID_PARAMETER;
  TreeGuard const guard{Hold::alone};
  if (node.deleted) return STATUS_KEY_DELETED;
  UNICODE_STRING const target = string_of(link_value);
  if (node.traits.is_link && (!ob::same_name(name, target) || !is_target(data)))
    return STATUS_ACCESS_DENIED;
  return set_value(node, name, data);
}

[[nodiscard]] NTSTATUS remove_value(Node& node, UNICODE_STRING const& name) noexcept {
  TreeGuard const guard{Hold::alone};
  if (node.deleted) return STATUS_KEY_DELETED;
  ULONG const index = find_value(node, name);
  if (index == node.values.size()) return STATUS_OBJECT_NAME_NOT_FOUND;
  delete_value(node, index);
  return STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS remove(Node& node) noexcept {
  TreeGuard const guard{Hold::alone};
  if (node.deleted) return STATUS_KEY_DELETED;
  if (node.traits.is_fixed || node.subkeys.size() != 0) return STATUS_CANNOT_DELETE;
  delete_node(node);
  return STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS flush(Node const& node) noexcept {
  TreeGuard const guard{Hold::shared};
  return node.deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS set_time(Node& node, KEY_SET_INFORMATION_CLASS what, void const* information,
                                ULONG length) noexcept {
  if (what != KeyWriteTimeInformation) return STATUS_INVALID_PARAMETER;
  KEY_WRITE_TIME_INFORMATION time;
  if (length != sizeof time) return STATUS_INFO_LENGTH_MISMATCH;
  std::memcpy(&time, information, sizeof time);
  TreeGuard const guard{Hold::alone};
  if (node.deleted) return STATUS_KEY_DELETED;
  node.written_100ns = time.LastWriteTime.QuadPart;
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_SET_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_SET_VALUE_KEY_INFORMATION information{&opened.key(), ValueName, TitleIndex, Type,   Data,
                                            DataSize,      nullptr,   nullptr,    nullptr};
  return notified(opened.key(), {RegNtPreSetValueKey, RegNtPostSetValueKey}, information, [&] {
    return set(opened.node(), *ValueName, {Type, DataSize, Data});
  });
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_SET_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_DELETE_VALUE_KEY_INFORMATION information{&opened.key(), ValueName, nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreDeleteValueKey, RegNtPostDeleteValueKey}, information,
                  [&] { return remove_value(opened.node(), *ValueName); });
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, DELETE);
  if (!NT_SUCCESS(status)) return status;
  REG_DELETE_KEY_INFORMATION information{&opened.key(), nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreDeleteKey, RegNtPostDeleteKey}, information,
                  [&] { return remove(opened.node()); });
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, 0);
  if (!NT_SUCCESS(status)) return status;
  REG_FLUSH_KEY_INFORMATION information{&opened.key(), nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreFlushKey, RegNtPostFlushKey}, information,
                  [&] { return flush(opened.node()); });
}

NTSTATUS NTAPI ZwSetInformationKey(HANDLE KeyHandle,
                                   KEY_SET_INFORMATION_CLASS KeySetInformationClass,
                                   PVOID KeySetInformation, ULONG KeySetInformationLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_SET_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_SET_INFORMATION_KEY_INFORMATION information{&opened.key(),
                                                  KeySetInformationClass,
                                                  KeySetInformation,
                                                  KeySetInformationLength,
                                                  nullptr,
                                                  nullptr,
                                                  nullptr};
  return notified(opened.key(), {RegNtPreSetInformationKey, RegNtPostSetInformationKey},
                  information, [&] {
                    return set_time(opened.node(), KeySetInformationClass, KeySetInformation,
                                    KeySetInformationLength);
                  });
}
