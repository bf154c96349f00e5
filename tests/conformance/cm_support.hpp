// What the cases of the registry share: keys of their own, strings, and what is found in them.
#pragma once

#include <nt/cm.h>
#include <nt/zw.h>

#include <cstring>

#include "ob_support.hpp"

namespace mica::test {

// A handle that is closed at the end of its scope.
class KeyHandle {
 public:
  KeyHandle() noexcept = default;
  KeyHandle(KeyHandle const&) = delete;
  KeyHandle& operator=(KeyHandle const&) = delete;
  ~KeyHandle() { close(); }
  void close() noexcept {
    if (handle_ != nullptr) MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS);
    handle_ = nullptr;
  }
  operator HANDLE() const noexcept { return handle_; }
  [[nodiscard]] HANDLE* out() noexcept { return &handle_; }

 private:
  HANDLE handle_ = nullptr;
};

inline NTSTATUS create_key(KeyHandle& key, OBJECT_ATTRIBUTES* attributes, ULONG options = 0,
                           ULONG* disposition = nullptr, ACCESS_MASK access = KEY_ALL_ACCESS,
                           UNICODE_STRING* class_name = nullptr) noexcept {
  return ZwCreateKey(key.out(), access, attributes, 0, class_name, options, disposition);
}

inline NTSTATUS open_key(OBJECT_ATTRIBUTES* attributes) noexcept {
  KeyHandle key;
  return ZwOpenKey(key.out(), KEY_READ, attributes);
}

// \Registry\Machine\Software\Case, for the length of a case. What a case makes in it, it deletes.
class CaseKey {
 public:
  CaseKey() noexcept {
    Attributes path{u"\\Registry\\Machine\\Software\\Case"};
    MICA_REQUIRE(create_key(key_, path) == STATUS_SUCCESS);
  }
  ~CaseKey() { MICA_CHECK(ZwDeleteKey(key_) == STATUS_SUCCESS); }
  operator HANDLE() const noexcept { return key_; }

 private:
  KeyHandle key_;
};

// A key below another, for the length of a scope.
class SubKey {
 public:
  template <std::size_t N>
  SubKey(HANDLE parent, WCHAR const (&name)[N], ULONG options = 0,
         UNICODE_STRING* class_name = nullptr) noexcept {
    Attributes path{name, OBJ_CASE_INSENSITIVE, parent};
    MICA_REQUIRE(create_key(key_, path, options, nullptr, KEY_ALL_ACCESS, class_name) ==
                 STATUS_SUCCESS);
  }
  ~SubKey() { MICA_CHECK(ZwDeleteKey(key_) == STATUS_SUCCESS); }
  operator HANDLE() const noexcept { return key_; }

 private:
  KeyHandle key_;
};

inline NTSTATUS set_value(HANDLE key, UNICODE_STRING* name, ULONG type, void const* data,
                          ULONG bytes) noexcept {
  return ZwSetValueKey(key, name, 0, type, const_cast<void*>(data), bytes);
}
inline NTSTATUS set_number(HANDLE key, UNICODE_STRING* name, ULONG number) noexcept {
  return set_value(key, name, REG_DWORD, &number, sizeof number);
}

// The number that a value holds; MAXULONG if it is none.
inline ULONG number_in(HANDLE key, UNICODE_STRING* name) noexcept {
  struct {
    ULONG title, type, bytes, number;
  } buffer{};
  ULONG needed = 0;
  NTSTATUS const status =
      ZwQueryValueKey(key, name, KeyValuePartialInformation, &buffer, sizeof buffer, &needed);
  return status == STATUS_SUCCESS && buffer.type == REG_DWORD ? buffer.number : MAXULONG;
}

// Room for any answer, on a boundary of 8 bytes, filled with what no answer holds.
struct alignas(8) Answer {
  unsigned char bytes[512];
  ULONG needed = 0x7777'7777;

  Answer() noexcept { std::memset(bytes, 0xAA, sizeof bytes); }
  template <class Structure>
  [[nodiscard]] Structure const& as() const noexcept {
    return *reinterpret_cast<Structure const*>(bytes);
  }
  // From `offset` on nothing was written.
  [[nodiscard]] bool untouched_from(ULONG offset) const noexcept {
    for (ULONG i = offset; i < sizeof bytes; ++i)
      if (bytes[i] != 0xAA) return false;
    return true;
  }
  template <std::size_t N>
  [[nodiscard]] bool has(ULONG offset, WCHAR const (&text)[N]) const noexcept {
    return std::memcmp(bytes + offset, text, (N - 1) * sizeof(WCHAR)) == 0;
  }
};

}  // namespace mica::test
