// What the cases of RtlQueryRegistryValues share: tables of questions to the case's key, and what a
// routine was called with.
#pragma once

#include <nt/rtl.h>

#include <iterator>

#include "cm_support.hpp"

namespace mica::test {

inline constexpr WCHAR case_path[] = u"\\Registry\\Machine\\Software\\Case";

// What a query routine was called with.
struct Calls {
  struct One {
    WCHAR name[8];
    ULONG type, bytes;
    WCHAR text[24];
    PVOID entry_context;
  };
  One calls[8]{};
  ULONG count = 0;
  NTSTATUS answer = STATUS_SUCCESS;

  static NTSTATUS NTAPI take(PWSTR name, ULONG type, PVOID data, ULONG bytes, PVOID context,
                             PVOID entry_context) {
    auto& self = *static_cast<Calls*>(context);
    if (self.count < std::size(self.calls)) {
      One& call = self.calls[self.count];
      for (ULONG i = 0; name != nullptr && name[i] != 0 && i < 7; ++i) call.name[i] = name[i];
      call.type = type;
      call.bytes = bytes;
      call.entry_context = entry_context;
      if (data != nullptr && bytes <= sizeof call.text) std::memcpy(call.text, data, bytes);
    }
    ++self.count;
    return self.answer;
  }
  template <std::size_t N>
  [[nodiscard]] bool was(ULONG index, WCHAR const (&name)[N], ULONG type, void const* data,
                         ULONG bytes) const noexcept {
    One const& call = calls[index];
    return index < count && std::memcmp(call.name, name, sizeof name) == 0 && call.type == type &&
           call.bytes == bytes && std::memcmp(call.text, data, bytes) == 0;
  }
};

inline RTL_QUERY_REGISTRY_TABLE ask(WCHAR const* name, ULONG flags, Calls const*) {
  return {Calls::take, flags, const_cast<WCHAR*>(name), nullptr, REG_NONE, nullptr, 0};
}
inline RTL_QUERY_REGISTRY_TABLE direct(WCHAR const* name, void* destination, ULONG flags = 0,
                                ULONG type = REG_NONE) {
  return {nullptr,
          flags | RTL_QUERY_REGISTRY_DIRECT,
          const_cast<WCHAR*>(name),
          destination,
          type,
          nullptr,
          0};
}
inline constexpr RTL_QUERY_REGISTRY_TABLE no_more{};

template <class... Entries>
NTSTATUS query(Calls* calls, void* environment, Entries... entries) {
  RTL_QUERY_REGISTRY_TABLE table[] = {entries..., no_more};
  return RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, case_path, table, calls, environment);
}

template <std::size_t N>
void put(HANDLE key, UNICODE_STRING* name, ULONG type, WCHAR const (&text)[N]) {
  MICA_CHECK(set_value(key, name, type, text, sizeof text) == STATUS_SUCCESS);
}

}  // namespace mica::test
