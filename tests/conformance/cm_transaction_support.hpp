// What the cases of keys in transactions share.
#pragma once

#include "tm_support.hpp"

namespace mica::test {

template <std::size_t N>
NTSTATUS create_in(KeyHandle& key, HANDLE transaction, HANDLE parent, WCHAR const (&name)[N],
                   ULONG* disposition = nullptr) {
  Attributes attributes{name, OBJ_CASE_INSENSITIVE, parent};
  return ZwCreateKeyTransacted(key.out(), KEY_ALL_ACCESS, attributes, 0, nullptr, 0, transaction,
                               disposition);
}

template <std::size_t N>
NTSTATUS open_in(KeyHandle& key, HANDLE transaction, HANDLE parent, WCHAR const (&name)[N]) {
  Attributes attributes{name, OBJ_CASE_INSENSITIVE, parent};
  return ZwOpenKeyTransacted(key.out(), KEY_ALL_ACCESS, attributes, transaction);
}

template <std::size_t N>
NTSTATUS open_below(HANDLE parent, WCHAR const (&name)[N]) {
  return open_key(Attributes{name, OBJ_CASE_INSENSITIVE, parent});
}

template <std::size_t N>
void delete_below(HANDLE parent, WCHAR const (&name)[N]) {
  KeyHandle key;
  Attributes attributes{name, OBJ_CASE_INSENSITIVE, parent};
  MICA_CHECK(ZwOpenKey(key.out(), KEY_ALL_ACCESS, attributes) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
}

// The case's key as a transaction sees it.
inline constexpr WCHAR top_path[] = u"\\Registry\\Machine\\Software\\Case";
struct Inside {
  TransactionHandle transaction;
  KeyHandle top;
  Inside() noexcept {
    MICA_REQUIRE(open_in(top, transaction, nullptr, top_path) == STATUS_SUCCESS);
  }
  [[nodiscard]] NTSTATUS commit() const noexcept { return ZwCommitTransaction(transaction, TRUE); }
  [[nodiscard]] NTSTATUS roll_back() const noexcept {
    return ZwRollbackTransaction(transaction, TRUE);
  }
};

}  // namespace mica::test
