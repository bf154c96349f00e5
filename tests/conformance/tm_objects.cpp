// Transaction managers, resource managers and enlistments: how they are made, found and asked.
#include "tm_support.hpp"

using namespace mica::test;

MICA_CASE("Tm: a transaction manager is volatile, and is found by its identity or its name") {
  Attributes name{u"\\CaseManager"};
  KeyHandle named, found, none;
  auto const make = [](KeyHandle& handle, UNICODE_STRING* log, ULONG options, ULONG strength) {
    return ZwCreateTransactionManager(handle.out(), TRANSACTIONMANAGER_ALL_ACCESS, nullptr, log,
                                      options, strength);
  };
  Text log{u"\\Log"};
  MICA_CHECK(make(none, nullptr, 0, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(make(none, log, TRANSACTION_MANAGER_VOLATILE, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(make(none, nullptr, TRANSACTION_MANAGER_VOLATILE, 1) == STATUS_INVALID_PARAMETER);
  MICA_REQUIRE(ZwCreateTransactionManager(named.out(), TRANSACTIONMANAGER_ALL_ACCESS, name, nullptr,
                                          TRANSACTION_MANAGER_VOLATILE, 0) == STATUS_SUCCESS);
  ManagerHandle other;
  TRANSACTIONMANAGER_BASIC_INFORMATION const basic = other.basic();
  MICA_CHECK(basic.VirtualClock.QuadPart == 1);
  GUID id = basic.TmIdentity, unknown{};
  auto const open = [](KeyHandle& handle, OBJECT_ATTRIBUTES* attributes, UNICODE_STRING* path,
                       GUID* identity, ULONG options) {
    return ZwOpenTransactionManager(handle.out(), TRANSACTIONMANAGER_ALL_ACCESS, attributes, path,
                                    identity, options);
  };
  MICA_REQUIRE(open(found, nullptr, nullptr, &id, 0) == STATUS_SUCCESS);
  MICA_CHECK(object_of<void>(found, *TmTransactionManagerObjectType) ==
             object_of<void>(other, *TmTransactionManagerObjectType));
  found.close();
  MICA_CHECK(open(found, name, nullptr, nullptr, 0) == STATUS_SUCCESS);
  MICA_CHECK(open(none, nullptr, nullptr, &unknown, 0) == STATUS_TRANSACTIONMANAGER_NOT_FOUND);
  MICA_CHECK(open(none, name, nullptr, &id, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(open(none, nullptr, nullptr, nullptr, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(open(none, name, log, nullptr, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(open(none, name, nullptr, nullptr, 1) == STATUS_INVALID_PARAMETER);
  TRANSACTIONMANAGER_BASIC_INFORMATION information;
  ULONG needed = 0;
  MICA_CHECK(ZwQueryInformationTransactionManager(other, TransactionManagerBasicInformation,
                                                  &information, sizeof information - 1,
                                                  &needed) == STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(needed == sizeof information);
  MICA_CHECK(ZwQueryInformationTransactionManager(other, TransactionManagerLogInformation,
                                                  &information, sizeof information,
                                                  nullptr) == STATUS_INVALID_INFO_CLASS);
}

MICA_CASE("Tm: enlistments and resource managers tell who they are, and are found by that") {
  OwnResource one, two;
  Text description{u"Case"};
  GUID id{9, 9, 9, {}}, unknown{};
  KeyHandle resource, again, found;
  auto const make = [&](KeyHandle& handle, ULONG options, UNICODE_STRING* text) {
    return ZwCreateResourceManager(handle.out(), RESOURCEMANAGER_ALL_ACCESS, one.manager, &id,
                                   nullptr, options, text);
  };
  MICA_CHECK(make(resource, 0, nullptr) == STATUS_TM_VOLATILE);
  MICA_CHECK(make(resource, 5, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_REQUIRE(make(resource, RESOURCE_MANAGER_VOLATILE, description) == STATUS_SUCCESS);
  MICA_CHECK(make(again, RESOURCE_MANAGER_VOLATILE, nullptr) == STATUS_OBJECT_NAME_COLLISION);
  auto const open = [](KeyHandle& handle, ACCESS_MASK access, HANDLE manager, GUID* which) {
    return ZwOpenResourceManager(handle.out(), access, manager, which, nullptr);
  };
  constexpr ACCESS_MASK all = RESOURCEMANAGER_ALL_ACCESS;
  MICA_CHECK(open(again, all, one.manager, &unknown) == STATUS_RESOURCEMANAGER_NOT_FOUND);
  MICA_CHECK(open(again, all, two.manager, &id) == STATUS_RESOURCEMANAGER_NOT_FOUND);
  MICA_CHECK(open(again, 0, one.manager, &id) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(open(again, all, one.manager, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_REQUIRE(open(again, all, one.manager, &id) == STATUS_SUCCESS);
  Answer answer;
  MICA_REQUIRE(ZwQueryInformationResourceManager(again, ResourceManagerBasicInformation,
                                                 answer.bytes, sizeof answer.bytes,
                                                 &answer.needed) == STATUS_SUCCESS);
  MICA_CHECK(answer.as<RESOURCEMANAGER_BASIC_INFORMATION>().ResourceManagerId == id);
  MICA_CHECK(answer.has(offsetof(RESOURCEMANAGER_BASIC_INFORMATION, Description), u"Case"));
  MICA_CHECK(ZwQueryInformationResourceManager(again, ResourceManagerCompletionInformation,
                                               answer.bytes, sizeof answer.bytes,
                                               nullptr) == STATUS_INVALID_INFO_CLASS);
  TransactionHandle transaction;
  EnlistmentHandle enlistment{again, transaction};
  ENLISTMENT_BASIC_INFORMATION basic{};
  MICA_REQUIRE(ZwQueryInformationEnlistment(enlistment, EnlistmentBasicInformation, &basic,
                                            sizeof basic, nullptr) == STATUS_SUCCESS);
  UOW uow{};
  TmGetTransactionId(transaction.object(), &uow);
  MICA_CHECK(basic.TransactionId == uow && basic.ResourceManagerId == id);
  MICA_CHECK(ZwQueryInformationEnlistment(enlistment, EnlistmentCrmInformation, &basic,
                                          sizeof basic, nullptr) == STATUS_INVALID_INFO_CLASS);
  MICA_CHECK(ZwQueryInformationEnlistment(enlistment, EnlistmentBasicInformation, &basic,
                                          sizeof basic - 1,
                                          nullptr) == STATUS_INFO_LENGTH_MISMATCH);
  constexpr ACCESS_MASK rights = ENLISTMENT_ALL_ACCESS;
  MICA_CHECK(ZwOpenEnlistment(found.out(), rights, one.resource, &basic.EnlistmentId, nullptr) ==
             STATUS_ENLISTMENT_NOT_FOUND);
  MICA_CHECK(ZwOpenEnlistment(found.out(), 0, again, &basic.EnlistmentId, nullptr) ==
             STATUS_INVALID_PARAMETER);
  MICA_REQUIRE(ZwOpenEnlistment(found.out(), rights, again, &basic.EnlistmentId, nullptr) ==
               STATUS_SUCCESS);
  MICA_CHECK(object_of<KENLISTMENT>(found, *TmEnlistmentObjectType) == enlistment.object());
  MICA_REQUIRE(ZwQueryInformationTransaction(transaction, TransactionEnlistmentInformation,
                                             answer.bytes, sizeof answer.bytes,
                                             &answer.needed) == STATUS_SUCCESS);
  auto const& pairs = answer.as<TRANSACTION_ENLISTMENTS_INFORMATION>();
  MICA_CHECK(pairs.NumberOfEnlistments == 1 && pairs.EnlistmentPair[0].ResourceManagerId == id);
  MICA_CHECK(pairs.EnlistmentPair[0].EnlistmentId == basic.EnlistmentId);
  MICA_CHECK(ZwQueryInformationTransaction(transaction, TransactionEnlistmentInformation,
                                           answer.bytes, answer.needed - 1,
                                           nullptr) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(ZwCommitTransaction(transaction, FALSE) == STATUS_PENDING);
  MICA_CHECK(ZwReadOnlyEnlistment(found, nullptr) == STATUS_SUCCESS && transaction.is_over());
}
