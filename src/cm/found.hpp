// What RtlQueryRegistryValues found, and storing it where an entry says.
#pragma once

#include <nt/cm/key.h>
#include <nt/ntstatus.h>

#include <cstddef>

namespace mica::cm {

// A value as it was found, or as its entry says for want of it.
struct Found {
  WCHAR* name;
  ULONG type;
  std::byte* data;
  ULONG bytes;
};

[[nodiscard]] constexpr bool is_string(ULONG type) noexcept {
  return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

// The length of a string counts its terminating null from then on, whether or not it was stored
// with one. There is room for it behind the data.
void NTAPI terminate(Found& found) noexcept;

// Of a default that says no length.
[[nodiscard]] ULONG NTAPI default_bytes(ULONG type, void const* data) noexcept;

// RTL_QUERY_REGISTRY_DIRECT. STATUS_BUFFER_TOO_SMALL, STATUS_NO_MEMORY.
[[nodiscard]] NTSTATUS NTAPI store(void* destination, Found const& found) noexcept;

}  // namespace mica::cm
