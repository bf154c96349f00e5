// What is said of values.
//   [MSDN ZwQueryValueKey, ZwEnumerateValueKey; REG_QUERY_MULTIPLE_VALUE_KEY_INFORMATION]
#include <nt/zw/keys.h>

#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/notice.hpp"
#include "cm/reply.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] NTSTATUS basic(Value const& value, Reply& reply) noexcept {
  constexpr ULONG fixed = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
  KEY_VALUE_BASIC_INFORMATION const information{0, value.type, value.name.Length, {}};
  if (!reply.begin(&information, fixed, fixed + value.name.Length)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, value.name);
  return reply.end();
}

[[nodiscard]] NTSTATUS full(Value const& value, ULONG alignment, Reply& reply) noexcept {
  constexpr ULONG fixed = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
  ULONG const name_end = fixed + value.name.Length;
  bool const has_data = value.bytes != 0;
  ULONG const data_offset = has_data ? aligned(name_end, alignment) : nowhere;
  ULONG const total = has_data ? data_offset + value.bytes : name_end;
  KEY_VALUE_FULL_INFORMATION const information{0,           value.type,        data_offset,
                                               value.bytes, value.name.Length, {}};
  if (!reply.begin(&information, fixed, total)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, value.name);
  if (has_data) reply.put(data_offset, value.data, value.bytes);
  return reply.end();
}

[[nodiscard]] NTSTATUS partial(Value const& value, Reply& reply) noexcept {
  constexpr ULONG fixed = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
  KEY_VALUE_PARTIAL_INFORMATION const information{0, value.type, value.bytes, {}};
  if (!reply.begin(&information, fixed, fixed + value.bytes)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, value.data, value.bytes);
  return reply.end();
}

[[nodiscard]] NTSTATUS partial_aligned(Value const& value, Reply& reply) noexcept {
  constexpr ULONG fixed = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
  KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 const information{value.type, value.bytes, {}};
  if (!reply.begin(&information, fixed, fixed + value.bytes)) return STATUS_BUFFER_TOO_SMALL;
  reply.put(fixed, value.data, value.bytes);
  return reply.end();
}

[[nodiscard]] bool wants_alignment(KEY_VALUE_INFORMATION_CLASS what) noexcept {
  return what == KeyValueFullInformationAlign64 || what == KeyValuePartialInformationAlign64;
}

// Where and how a caller wants to be answered.
struct Question {
  KEY_VALUE_INFORMATION_CLASS what;
  void* buffer;
  ULONG length;
  ULONG* result_length;

  [[nodiscard]] NTSTATUS check() const noexcept {
    if (what < KeyValueBasicInformation || what > KeyValuePartialInformationAlign64)
      return STATUS_INVALID_PARAMETER;
    bool const misaligned =
        wants_alignment(what) && reinterpret_cast<ULONG_PTR>(buffer) % alignof(ULONGLONG) != 0;
    return misaligned ? STATUS_DATATYPE_MISALIGNMENT : STATUS_SUCCESS;
  }
};

[[nodiscard]] NTSTATUS query(Value const& value, Question const& question) noexcept {
  Reply reply{question.buffer, question.length, question.result_length};
  switch (question.what) {
    case KeyValueBasicInformation:
      return basic(value, reply);
    case KeyValueFullInformation:
      return full(value, sizeof(ULONG), reply);
    case KeyValueFullInformationAlign64:
      return full(value, sizeof(ULONGLONG), reply);
    case KeyValuePartialInformation:
      return partial(value, reply);
    default:
      return partial_aligned(value, reply);
  }
}

[[nodiscard]] NTSTATUS query_named(Key const& key, UNICODE_STRING const& name,
                                   Question const& question) noexcept {
  NTSTATUS const valid = question.check();
  if (!NT_SUCCESS(valid)) return valid;
  TreeGuard const guard{Hold::shared};
  NTSTATUS const status = check_key(key);
  if (!NT_SUCCESS(status)) return status;
  Pointers<Value> const& values = values_of(*key.node, key.branch);
  ULONG const index = find_value(values, name);
  if (index == values.size()) return STATUS_OBJECT_NAME_NOT_FOUND;
  return query(values[index], question);
}

[[nodiscard]] NTSTATUS query_at(Key const& key, ULONG index, Question const& question) noexcept {
  NTSTATUS const valid = question.check();
  if (!NT_SUCCESS(valid)) return valid;
  TreeGuard const guard{Hold::shared};
  NTSTATUS const status = check_key(key);
  if (!NT_SUCCESS(status)) return status;
  Pointers<Value> const& values = values_of(*key.node, key.branch);
  if (index >= values.size()) return STATUS_NO_MORE_ENTRIES;
  return query(values[index], question);
}

struct Several {
  KEY_VALUE_ENTRY* entries;
  ULONG count;
  std::byte* buffer;
  ULONG* length;    // in: of the buffer; out: of what was written
  ULONG* required;  // may be null
};

// All entries are said before what does not fit is left out.
[[nodiscard]] NTSTATUS query_several(Key const& key, Several const& several) noexcept {
  TreeGuard const guard{Hold::shared};
  NTSTATUS const status = check_key(key);
  if (!NT_SUCCESS(status)) return status;
  Pointers<Value> const& values = values_of(*key.node, key.branch);
  ULONG total = 0, written = 0;
  bool overflows = false;
  for (ULONG i = 0; i < several.count; ++i) {
    KEY_VALUE_ENTRY& entry = several.entries[i];
    ULONG const index = find_value(values, *entry.ValueName);
    if (index == values.size()) return STATUS_OBJECT_NAME_NOT_FOUND;
    Value const& value = values[index];
    ULONG const offset = aligned(total, sizeof(ULONG));
    entry.Type = value.type;
    entry.DataLength = value.bytes;
    entry.DataOffset = offset;
    total = offset + value.bytes;
    overflows = overflows || total > *several.length;
    if (overflows) continue;
    if (value.bytes != 0) std::memcpy(several.buffer + offset, value.data, value.bytes);
    written = total;
  }
  *several.length = written;
  if (several.required != nullptr) *several.required = total;
  return overflows ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_QUERY_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_QUERY_VALUE_KEY_INFORMATION information{&opened.key(),
                                              ValueName,
                                              KeyValueInformationClass,
                                              KeyValueInformation,
                                              Length,
                                              ResultLength,
                                              nullptr,
                                              nullptr,
                                              nullptr};
  return notified(opened.key(), {RegNtPreQueryValueKey, RegNtPostQueryValueKey}, information, [&] {
    return query_named(opened.key(), *ValueName,
                       {KeyValueInformationClass, KeyValueInformation, Length, ResultLength});
  });
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_QUERY_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_ENUMERATE_VALUE_KEY_INFORMATION information{&opened.key(),
                                                  Index,
                                                  KeyValueInformationClass,
                                                  KeyValueInformation,
                                                  Length,
                                                  ResultLength,
                                                  nullptr,
                                                  nullptr,
                                                  nullptr};
  return notified(
      opened.key(), {RegNtPreEnumerateValueKey, RegNtPostEnumerateValueKey}, information, [&] {
        return query_at(opened.key(), Index,
                        {KeyValueInformationClass, KeyValueInformation, Length, ResultLength});
      });
}

NTSTATUS NTAPI ZwQueryMultipleValueKey(HANDLE KeyHandle, PKEY_VALUE_ENTRY ValueEntries,
                                       ULONG EntryCount, PVOID ValueBuffer, PULONG BufferLength,
                                       PULONG RequiredBufferLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  OpenedKey opened;
  NTSTATUS const status = opened.open(KeyHandle, KEY_QUERY_VALUE);
  if (!NT_SUCCESS(status)) return status;
  REG_QUERY_MULTIPLE_VALUE_KEY_INFORMATION information{
      &opened.key(),        ValueEntries, EntryCount, ValueBuffer, BufferLength,
      RequiredBufferLength, nullptr,      nullptr,    nullptr};
  return notified(opened.key(), {RegNtPreQueryMultipleValueKey, RegNtPostQueryMultipleValueKey},
                  information, [&] {
                    return query_several(opened.key(), {ValueEntries, EntryCount,
                                                        static_cast<std::byte*>(ValueBuffer),
                                                        BufferLength, RequiredBufferLength});
                  });
}
