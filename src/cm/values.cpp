// The values of a key.
#include "cm/node.hpp"
#include "ob/directory.hpp"

namespace mica::cm {
namespace {

void destroy(Value& value) noexcept {
  if (value.data != nullptr) ExFreePoolWithTag(value.data, tag_data);
  ExFreePoolWithTag(&value, tag_value);
}

// A copy; null for no data.
[[nodiscard]] bool copy(Data const& data, std::byte*& copied) noexcept {
  copied = nullptr;
  if (data.bytes == 0) return true;
  copied = static_cast<std::byte*>(
      ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, data.bytes, tag_data));
  if (copied == nullptr) return false;
  std::memcpy(copied, data.start, data.bytes);
  return true;
}

[[nodiscard]] Value* add(Pointers<Value>& values, UNICODE_STRING const& name) noexcept {
  auto* const value =
      static_cast<Value*>(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(Value) + name.Length, tag_value));
  if (value == nullptr) return nullptr;
  value->hash = ob::hash_of(name);
  value->name = {name.Length, name.Length, reinterpret_cast<WCHAR*>(value + 1)};
  if (name.Length != 0) std::memcpy(value->name.Buffer, name.Buffer, name.Length);
  if (values.insert(values.size(), *value)) return value;
  destroy(*value);
  return nullptr;
}

}  // namespace

ULONG NTAPI find_value(Pointers<Value> const& values, UNICODE_STRING const& name) noexcept {
  ULONG const hash = ob::hash_of(name);
  ULONG index = 0;
  while (index < values.size() &&
         (values[index].hash != hash || !ob::same_name(values[index].name, name)))
    ++index;
  return index;
}

NTSTATUS NTAPI set_value(Pointers<Value>& values, UNICODE_STRING const& name,
                         Data const& data) noexcept {
  std::byte* copied = nullptr;
  if (!copy(data, copied)) return STATUS_INSUFFICIENT_RESOURCES;
  ULONG const index = find_value(values, name);
  Value* const value = index < values.size() ? &values[index] : add(values, name);
  if (value == nullptr) {
    if (copied != nullptr) ExFreePoolWithTag(copied, tag_data);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  if (value->data != nullptr) ExFreePoolWithTag(value->data, tag_data);
  value->type = data.type;
  value->bytes = data.bytes;
  value->data = copied;
  return STATUS_SUCCESS;
}

void NTAPI delete_value(Pointers<Value>& values, ULONG index) noexcept {
  destroy(values[index]);
  values.remove(index);
}

void NTAPI delete_values(Pointers<Value>& values) noexcept {
  for (Value* const value : values) destroy(*value);
  values.destroy();
}

bool NTAPI copy_values(Pointers<Value> const& from, Pointers<Value>& to) noexcept {
  for (Value const* const value : from) {
    Data const data{value->type, value->bytes, value->data};
    if (NT_SUCCESS(set_value(to, value->name, data))) continue;
    delete_values(to);
    return false;
  }
  return true;
}

}  // namespace mica::cm
