// Who hears of keys in transactions: registry callbacks, and resource managers beside the registry.
#include "cm_transaction_support.hpp"

using namespace mica::test;

namespace {

// What a routine is told of the transaction of keys that are created.
struct Bound {
  LARGE_INTEGER cookie{};
  PVOID named = nullptr, root = nullptr, made = nullptr;

  static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID information) {
    auto& bound = *static_cast<Bound*>(context);
    auto const code = static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(what));
    if (code == RegNtPreCreateKeyEx) {
      auto const& create = *static_cast<REG_CREATE_KEY_INFORMATION*>(information);
      bound.named = create.Transaction;
      bound.root = CmGetBoundTransaction(&bound.cookie, create.RootObject);
    }
    if (code == RegNtPostCreateKeyEx) {
      auto const& post = *static_cast<REG_POST_OPERATION_INFORMATION*>(information);
      bound.made = CmGetBoundTransaction(&bound.cookie, post.Object);
    }
    return STATUS_SUCCESS;
  }
};

}  // namespace

MICA_CASE("Cm: a callback learns of the transaction of a key") {
  CaseKey top;
  Inside inside;
  Bound bound;
  Text altitude{u"400123"};
  MICA_REQUIRE(CmRegisterCallbackEx(Bound::hear, altitude, nullptr, &bound, &bound.cookie,
                                    nullptr) == STATUS_SUCCESS);
  PVOID const transaction = inside.transaction.object();
  KeyHandle named, beneath, outside;
  MICA_CHECK(create_in(named, inside.transaction, top, u"a") == STATUS_SUCCESS);
  MICA_CHECK(bound.named == transaction && bound.root == nullptr && bound.made == transaction);
  Attributes path{u"b", OBJ_CASE_INSENSITIVE, inside.top}, other{u"c", OBJ_CASE_INSENSITIVE, top};
  MICA_CHECK(create_key(beneath, path) == STATUS_SUCCESS);
  MICA_CHECK(bound.named == nullptr && bound.root == transaction && bound.made == transaction);
  MICA_CHECK(create_key(outside, other) == STATUS_SUCCESS);
  MICA_CHECK(bound.named == nullptr && bound.root == nullptr && bound.made == nullptr);
  MICA_CHECK(CmUnRegisterCallback(bound.cookie) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(outside) == STATUS_SUCCESS);
}

MICA_CASE("Cm: a filter that enlists hears of the commit after the registry has done it") {
  CaseKey top;
  ManagerHandle manager;
  ResourceHandle resource{manager};
  TransactionHandle transaction;
  KeyHandle key;
  MICA_REQUIRE(create_in(key, transaction, top, u"key") == STATUS_SUCCESS);
  EnlistmentHandle enlistment{resource, transaction,
                              all_phases | TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT};
  MICA_CHECK(ZwCommitTransaction(transaction, FALSE) == STATUS_PENDING);
  // The registry takes part: it is not alone.
  MICA_CHECK(resource.next(&enlistment) == TRANSACTION_NOTIFY_PREPREPARE);
  MICA_CHECK(ZwPrePrepareComplete(enlistment, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(resource.next(&enlistment) == TRANSACTION_NOTIFY_PREPARE);
  MICA_CHECK(open_below(top, u"key") == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(ZwPrepareComplete(enlistment, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(open_below(top, u"key") == STATUS_SUCCESS);
  MICA_CHECK(resource.next(&enlistment) == TRANSACTION_NOTIFY_COMMIT);
  MICA_CHECK(ZwCommitComplete(enlistment, nullptr) == STATUS_SUCCESS && transaction.is_over());
  delete_below(top, u"key");
}
