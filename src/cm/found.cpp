#include "cm/found.hpp"

#include <cstring>

#include "cm/node.hpp"
#include "rtl/characters.hpp"

namespace mica::cm {
namespace {

// With its terminating null. A default that is no text is an empty one.
[[nodiscard]] NTSTATUS store_string(UNICODE_STRING& string, Found const& given) noexcept {
  WCHAR nothing = 0;
  Found const found = given.bytes >= sizeof nothing
                          ? given
                          : Found{given.name, given.type, reinterpret_cast<std::byte*>(&nothing),
                                  sizeof nothing};
  if (found.bytes > UNICODE_STRING_MAX_BYTES) return STATUS_BUFFER_TOO_SMALL;
  if (string.Buffer == nullptr) {
    string.Buffer = static_cast<WCHAR*>(
        ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, found.bytes, tag_data));
    if (string.Buffer == nullptr) return STATUS_NO_MEMORY;
    string.MaximumLength = static_cast<USHORT>(found.bytes);
  }
  if (string.MaximumLength < found.bytes) return STATUS_BUFFER_TOO_SMALL;
  std::memcpy(string.Buffer, found.data, found.bytes);
  string.Length = static_cast<USHORT>(found.bytes - sizeof(WCHAR));
  return STATUS_SUCCESS;
}

}  // namespace

void NTAPI terminate(Found& found) noexcept {
  if (!is_string(found.type)) return;
  found.bytes &= ~ULONG{1};
  WCHAR last = 1;
  if (found.bytes != 0) std::memcpy(&last, found.data + found.bytes - sizeof last, sizeof last);
  if (last == 0) return;
  std::memset(found.data + found.bytes, 0, sizeof last);
  found.bytes += sizeof last;
}

// Several strings end with an empty one.
ULONG NTAPI default_bytes(ULONG type, void const* data) noexcept {
  if (!is_string(type) || data == nullptr) return 0;
  auto const* const text = static_cast<WCHAR const*>(data);
  std::size_t length = rtl::length_of(text) + 1;
  if (type == REG_MULTI_SZ && length > 1) {
    while (text[length] != 0) length += rtl::length_of(text + length) + 1;
    ++length;
  }
  return static_cast<ULONG>(length * sizeof(WCHAR));
}

NTSTATUS NTAPI store(void* destination, Found const& found) noexcept {
  if (is_string(found.type)) return store_string(*static_cast<UNICODE_STRING*>(destination), found);
  if (found.bytes <= sizeof(ULONG)) {
    std::memcpy(destination, found.data, found.bytes);
    return STATUS_SUCCESS;
  }
  LONG size = 0;
  std::memcpy(&size, destination, sizeof size);
  auto* at = static_cast<std::byte*>(destination);
  ULONG const header = size < 0 ? 0 : 2 * sizeof(ULONG);
  ULONG const room = size < 0 ? 0 - static_cast<ULONG>(size) : static_cast<ULONG>(size);
  if (room < header || room - header < found.bytes) return STATUS_BUFFER_TOO_SMALL;
  if (header != 0) {
    std::memcpy(at, &found.bytes, sizeof found.bytes);
    std::memcpy(at + sizeof found.bytes, &found.type, sizeof found.type);
  }
  std::memcpy(at + header, found.data, found.bytes);
  return STATUS_SUCCESS;
}

}  // namespace mica::cm
