// Transactions: how they are made, found, asked and ended.
#include "tm_support.hpp"

using namespace mica::test;

namespace {

NTSTATUS create(HANDLE* handle, ACCESS_MASK access, LPGUID id, ULONG options, ULONG level = 0,
                ULONG flags = 0, UNICODE_STRING* description = nullptr) {
  return ZwCreateTransaction(handle, access, nullptr, id, nullptr, options, level, flags, nullptr,
                             description);
}

NTSTATUS commit(HANDLE handle) {
  return ZwCommitTransaction(handle, TRUE);
}

NTSTATUS roll_back(HANDLE handle) {
  return ZwRollbackTransaction(handle, TRUE);
}

}  // namespace

MICA_CASE("Tm: a transaction in which nobody takes part is committed or rolled back at once") {
  TransactionHandle one, other;
  MICA_CHECK(!one.is_over() && one.outcome() == TransactionOutcomeUndetermined);
  MICA_CHECK(TmIsTransactionActive(one.object()) == TRUE);
  MICA_CHECK(commit(one) == STATUS_SUCCESS);
  MICA_CHECK(one.is_over() && one.outcome() == TransactionOutcomeCommitted);
  MICA_CHECK(TmIsTransactionActive(one.object()) == FALSE);
  MICA_CHECK(ZwRollbackTransaction(other, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(other.is_over() && other.outcome() == TransactionOutcomeAborted);
}

MICA_CASE("Tm: what is over is neither committed nor rolled back") {
  TransactionHandle one, other;
  MICA_CHECK(TmCommitTransaction(one.object(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(commit(one) == STATUS_TRANSACTION_ALREADY_COMMITTED);
  MICA_CHECK(roll_back(one) == STATUS_TRANSACTION_ALREADY_COMMITTED);
  MICA_CHECK(TmRollbackTransaction(other.object(), FALSE) == STATUS_SUCCESS);
  MICA_CHECK(commit(other) == STATUS_TRANSACTION_ALREADY_ABORTED);
  MICA_CHECK(roll_back(other) == STATUS_TRANSACTION_ALREADY_ABORTED);
  MICA_CHECK(TmCommitTransaction(other.object(), TRUE) == STATUS_TRANSACTION_ALREADY_ABORTED);
  MICA_CHECK(TmRollbackTransaction(one.object(), TRUE) == STATUS_TRANSACTION_ALREADY_COMMITTED);
  ManagerHandle manager;
  MICA_CHECK(commit(manager) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(roll_back(nullptr) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Tm: a transaction is found by its unit of work, and by that of its manager only") {
  GUID id{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}}, other{};
  ManagerHandle manager, stranger;
  KeyHandle made, again, found;
  MICA_REQUIRE(ZwCreateTransaction(made.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, manager, 0, 0,
                                   0, nullptr, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(create(again.out(), TRANSACTION_ALL_ACCESS, &id, 0) == STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(again == nullptr);
  MICA_REQUIRE(ZwOpenTransaction(found.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, nullptr) ==
               STATUS_SUCCESS);
  UOW uow{};
  TmGetTransactionId(object_of<KTRANSACTION>(found, *TmTransactionObjectType), &uow);
  MICA_CHECK(uow == id);
  found.close();
  MICA_CHECK(ZwOpenTransaction(found.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, manager) ==
             STATUS_SUCCESS);
  MICA_CHECK(ZwOpenTransaction(again.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, stranger) ==
             STATUS_TRANSACTION_NOT_FOUND);
  MICA_CHECK(ZwOpenTransaction(again.out(), TRANSACTION_ALL_ACCESS, nullptr, &other, nullptr) ==
             STATUS_TRANSACTION_NOT_FOUND);
  MICA_CHECK(ZwOpenTransaction(again.out(), 0, nullptr, &id, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwOpenTransaction(again.out(), TRANSACTION_ALL_ACCESS, nullptr, nullptr, nullptr) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwOpenTransaction(again.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, found) ==
             STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Tm: a transaction is not made with what is reserved or too long") {
  static WCHAR letters[MAX_TRANSACTION_DESCRIPTION_LENGTH + 1];
  UNICODE_STRING description{sizeof letters, sizeof letters, letters};
  KeyHandle handle;
  constexpr ACCESS_MASK all = TRANSACTION_ALL_ACCESS;
  MICA_CHECK(create(handle.out(), 0, nullptr, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(handle.out(), all, nullptr, 2) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(handle.out(), all, nullptr, 0, 1) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(handle.out(), all, nullptr, 0, 0, 1) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(handle.out(), all, nullptr, 0, 0, 0, &description) == STATUS_INVALID_PARAMETER);
  description.Length = MAX_TRANSACTION_DESCRIPTION_LENGTH * sizeof(WCHAR);
  MICA_CHECK(create(handle.out(), all, nullptr, TRANSACTION_DO_NOT_PROMOTE, 0, 0, &description) ==
             STATUS_SUCCESS);
}

MICA_CASE("Tm: a named transaction is made once, and opened from then on if that is asked for") {
  Attributes name{u"\\Case"}, open_if{u"\\Case", OBJ_CASE_INSENSITIVE | OBJ_OPENIF};
  KeyHandle one, other;
  auto const make = [](KeyHandle& handle, OBJECT_ATTRIBUTES* attributes) {
    return ZwCreateTransaction(handle.out(), TRANSACTION_ALL_ACCESS, attributes, nullptr, nullptr,
                               0, 0, 0, nullptr, nullptr);
  };
  MICA_REQUIRE(make(one, name) == STATUS_SUCCESS);
  MICA_CHECK(make(other, name) == STATUS_OBJECT_NAME_COLLISION);
  MICA_REQUIRE(make(other, open_if) == STATUS_OBJECT_NAME_EXISTS);
  MICA_CHECK(commit(other) == STATUS_SUCCESS);
  MICA_CHECK(commit(one) == STATUS_TRANSACTION_ALREADY_COMMITTED);
}

MICA_CASE("Tm: the last handle that is closed rolls a transaction back, a duplicate does not") {
  GUID id{7, 7, 7, {}};
  KeyHandle first, second;
  MICA_REQUIRE(create(first.out(), TRANSACTION_ALL_ACCESS, &id, 0) == STATUS_SUCCESS);
  MICA_REQUIRE(ZwOpenTransaction(second.out(), TRANSACTION_ALL_ACCESS, nullptr, &id, nullptr) ==
               STATUS_SUCCESS);
  auto* const object = object_of<KTRANSACTION>(first, *TmTransactionObjectType);
  ObReferenceObject(object);
  first.close();
  MICA_CHECK(TmIsTransactionActive(object) == TRUE);
  second.close();
  MICA_CHECK(TmIsTransactionActive(object) == FALSE);
  MICA_CHECK(TmCommitTransaction(object, TRUE) == STATUS_TRANSACTION_ALREADY_ABORTED);
  ObDereferenceObject(object);
}

MICA_CASE("Tm: a transaction that is not committed in time is rolled back") {
  LARGE_INTEGER timeout{.QuadPart = -100 * millisecond_100ns};
  TransactionHandle late{&timeout}, in_time{&timeout};
  MICA_CHECK(commit(in_time) == STATUS_SUCCESS);
  MICA_CHECK(ZwWaitForSingleObject(late, FALSE, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(late.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(in_time.outcome() == TransactionOutcomeCommitted);
  MICA_CHECK(commit(late) == STATUS_TRANSACTION_ALREADY_ABORTED);
}

MICA_CASE("Tm: a transaction tells and takes its properties") {
  Text text{u"Case"};
  LARGE_INTEGER timeout{.QuadPart = -3600'000 * millisecond_100ns};
  KeyHandle handle;
  MICA_REQUIRE(ZwCreateTransaction(handle.out(), TRANSACTION_ALL_ACCESS, nullptr, nullptr, nullptr,
                                   0, 0, 0, &timeout, text) == STATUS_SUCCESS);
  Answer answer;
  auto const query = [&](ULONG length) {
    return ZwQueryInformationTransaction(handle, TransactionPropertiesInformation, answer.bytes,
                                         length, &answer.needed);
  };
  constexpr ULONG at = offsetof(TRANSACTION_PROPERTIES_INFORMATION, Description);
  MICA_REQUIRE(query(sizeof answer.bytes) == STATUS_SUCCESS);
  auto const& told = answer.as<TRANSACTION_PROPERTIES_INFORMATION>();
  MICA_CHECK(told.Timeout.QuadPart == timeout.QuadPart && told.IsolationLevel == 0);
  MICA_CHECK(told.Outcome == TransactionOutcomeUndetermined);
  MICA_CHECK(told.DescriptionLength == 8 && answer.has(at, u"Case") && answer.needed == at + 8);
  MICA_CHECK(query(sizeof(TRANSACTION_PROPERTIES_INFORMATION)) ==
             (sizeof(TRANSACTION_PROPERTIES_INFORMATION) < at + 8 ? STATUS_BUFFER_OVERFLOW
                                                                  : STATUS_SUCCESS));
  MICA_CHECK(query(at) == STATUS_INFO_LENGTH_MISMATCH);
  struct {
    TRANSACTION_PROPERTIES_INFORMATION fixed;
    WCHAR more[70];
  } wanted{};
  wanted.fixed.Timeout.QuadPart = -5 * millisecond_100ns;
  wanted.fixed.DescriptionLength = 2;
  wanted.fixed.Description[0] = u'x';
  auto const set = [&](ULONG length) {
    return ZwSetInformationTransaction(handle, TransactionPropertiesInformation, &wanted, length);
  };
  MICA_CHECK(ZwSetInformationTransaction(handle, TransactionBasicInformation, &wanted,
                                         sizeof wanted) == STATUS_INVALID_INFO_CLASS);
  MICA_CHECK(set(at) == STATUS_INFO_LENGTH_MISMATCH);
  wanted.fixed.DescriptionLength = 65 * sizeof(WCHAR);
  MICA_CHECK(set(sizeof wanted) == STATUS_INVALID_PARAMETER);
  wanted.fixed.DescriptionLength = 20;
  MICA_CHECK(set(sizeof wanted.fixed) == STATUS_INVALID_PARAMETER);
  wanted.fixed.DescriptionLength = 2;
  wanted.fixed.IsolationLevel = 1;
  MICA_CHECK(set(sizeof wanted) == STATUS_INVALID_PARAMETER);
  wanted.fixed.IsolationLevel = 0;
  MICA_REQUIRE(set(sizeof wanted) == STATUS_SUCCESS);
  MICA_REQUIRE(query(sizeof answer.bytes) == STATUS_SUCCESS);
  MICA_CHECK(told.DescriptionLength == 2 && answer.has(at, u"x"));
  // The time-out is the new one.
  MICA_CHECK(ZwWaitForSingleObject(handle, FALSE, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(set(sizeof wanted) == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(ZwQueryInformationTransaction(handle, TransactionSuperiorEnlistmentInformation,
                                           answer.bytes, sizeof answer.bytes,
                                           nullptr) == STATUS_INVALID_INFO_CLASS);
}
