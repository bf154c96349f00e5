// The registry by path, one key or value at a time.
//   [MSDN RtlWriteRegistryValue, RtlDeleteRegistryValue, RtlCreateRegistryKey, RtlCheckRegistryKey]
#include <nt/rtl.h>
#include <nt/zw/keys.h>

#include "cm/rtl_path.hpp"

using namespace mica::cm;

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength) {
  UNICODE_STRING name;
  NTSTATUS status = RtlInitUnicodeStringEx(&name, ValueName);
  if (!NT_SUCCESS(status)) return status;
  PathKey key;
  status = key.open(RelativeTo, Path, KEY_SET_VALUE, IfAbsent::create);
  return NT_SUCCESS(status) ? ZwSetValueKey(key.get(), &name, 0, ValueType, ValueData, ValueLength)
                            : status;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName) {
  UNICODE_STRING name;
  NTSTATUS status = RtlInitUnicodeStringEx(&name, ValueName);
  if (!NT_SUCCESS(status)) return status;
  PathKey key;
  status = key.open(RelativeTo, Path, KEY_SET_VALUE);
  return NT_SUCCESS(status) ? ZwDeleteValueKey(key.get(), &name) : status;
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path) {
  PathKey key;
  return key.open(RelativeTo, Path, KEY_READ, IfAbsent::create);
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path) {
  PathKey key;
  return key.open(RelativeTo, Path, KEY_READ);
}
