// Changing keys and values.
//   [MSDN ZwSetValueKey, ZwDeleteValueKey, ZwDeleteKey, ZwFlushKey, ZwSetInformationKey]
#include <nt/zw/keys.h>

#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/link.hpp"
#include "cm/notice.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"
#include "ob/directory.hpp"

namespace mica::cm {
namespace {

// Changes what the key holds: its values, and the time of that.
template <class Attempt>
[[nodiscard]] NTSTATUS change_contents(Key& key, Attempt attempt) noexcept {
  Node& node = *key.node;
  return change_tree(key.branch, [&](Branch*& other) -> NTSTATUS {
    if (is_gone(node, key.branch)) return STATUS_KEY_DELETED;
    other = holder_of(node, key.branch);
    if (other != nullptr) return STATUS_TRANSACTIONAL_CONFLICT;
    Contents contents{};
    NTSTATUS const status = contents_for_change(node, key.branch, contents);
    return NT_SUCCESS(status) ? attempt(contents) : status;
  });
}

[[nodiscard]] NTSTATUS set(Key& key, UNICODE_STRING const& name, Data const& data) noexcept {
  if (name.Length > value_name_bytes_max || name.Length % sizeof(WCHAR) != 0)
    return STATUS_INVALID_PARAMETER;
  return change_contents(key, [&](Contents const& contents) {
    UNICODE_STRING const target = string_of(link_value);
    if (key.node->traits.is_link && (!ob::same_name(name, target) || !is_target(data)))
      return STATUS_ACCESS_DENIED;
    NTSTATUS const status = set_value(*contents.values, name, data);
    if (NT_SUCCESS(status)) *contents.written_100ns = now_100ns();
    return status;
  });
}

[[nodiscard]] NTSTATUS remove_value(Key& key, UNICODE_STRING const& name) noexcept {
  return change_contents(key, [&](Contents const& contents) {
    ULONG const index = find_value(*contents.values, name);
    if (index == contents.values->size()) return STATUS_OBJECT_NAME_NOT_FOUND;
    delete_value(*contents.values, index);
    *contents.written_100ns = now_100ns();
    return STATUS_SUCCESS;
  });
}

[[nodiscard]] NTSTATUS remove(Key& key) noexcept {
  Node& node = *key.node;
  return change_tree(key.branch, [&](Branch*& other) -> NTSTATUS {
    if (is_gone(node, key.branch)) return STATUS_KEY_DELETED;
    if (node.traits.is_fixed || count_subkeys(node, key.branch) != 0) return STATUS_CANNOT_DELETE;
    other = holder_below(node, key.branch);
    return other == nullptr ? delete_key(node, key.branch) : STATUS_TRANSACTIONAL_CONFLICT;
  });
}

[[nodiscard]] NTSTATUS flush(Key const& key) noexcept {
  TreeGuard const guard{Hold::shared};
  return check_key(key);
}

[[nodiscard]] NTSTATUS set_time(Key& key, KEY_SET_INFORMATION_CLASS what, void const* information,
                                ULONG length) noexcept {
  if (what != KeyWriteTimeInformation) return STATUS_INVALID_PARAMETER;
  KEY_WRITE_TIME_INFORMATION time;
  if (length != sizeof time) return STATUS_INFO_LENGTH_MISMATCH;
  std::memcpy(&time, information, sizeof time);
  return change_contents(key, [&](Contents const& contents) {
    *contents.written_100ns = time.LastWriteTime.QuadPart;
    return STATUS_SUCCESS;
  });
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
    return set(opened.key(), *ValueName, {Type, DataSize, Data});
  });
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_SET_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_DELETE_VALUE_KEY_INFORMATION information{&opened.key(), ValueName, nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreDeleteValueKey, RegNtPostDeleteValueKey}, information,
                  [&] { return remove_value(opened.key(), *ValueName); });
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, DELETE);
  if (!NT_SUCCESS(status)) return status;
  REG_DELETE_KEY_INFORMATION information{&opened.key(), nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreDeleteKey, RegNtPostDeleteKey}, information,
                  [&] { return remove(opened.key()); });
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, 0);
  if (!NT_SUCCESS(status)) return status;
  REG_FLUSH_KEY_INFORMATION information{&opened.key(), nullptr, nullptr, nullptr};
  return notified(opened.key(), {RegNtPreFlushKey, RegNtPostFlushKey}, information,
                  [&] { return flush(opened.key()); });
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
                    return set_time(opened.key(), KeySetInformationClass, KeySetInformation,
                                    KeySetInformationLength);
                  });
}
