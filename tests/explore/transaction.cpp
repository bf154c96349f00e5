// R1: a transaction is committed or rolled back, once, whoever wants which and whoever answers
// when; all who take part are told the same, and what it did to the registry is there or is not.
#include "conformance/cm_transaction_support.hpp"
#include "rig.hpp"

using namespace mica::explore;
using namespace mica::test;
using mica::explore::Team;

namespace {

// A resource manager whose routine answers at once, and knows how it ended.
struct Part {
  ManagerHandle manager;
  ResourceHandle resource{manager};
  ULONG commits = 0, rollbacks = 0;

  static NTSTATUS NTAPI hear(PKENLISTMENT enlistment, PVOID, PVOID key, ULONG what, PLARGE_INTEGER,
                             ULONG, PVOID) {
    auto& part = *static_cast<Part*>(key);
    if (what == TRANSACTION_NOTIFY_COMMIT) {
      ++part.commits;
      return TmCommitComplete(enlistment, nullptr);
    }
    ++part.rollbacks;
    return TmRollbackComplete(enlistment, nullptr);
  }
  void enlist(KeyHandle& handle, HANDLE transaction) noexcept {
    auto* const object = object_of<KRESOURCEMANAGER>(resource, *TmResourceManagerObjectType);
    MICA_REQUIRE(TmEnableCallbacks(object, hear, nullptr) == STATUS_SUCCESS);
    MICA_REQUIRE(ZwCreateEnlistment(handle.out(), ENLISTMENT_ALL_ACCESS, resource, transaction,
                                    nullptr, 0,
                                    TRANSACTION_NOTIFY_COMMIT | TRANSACTION_NOTIFY_ROLLBACK,
                                    this) == STATUS_SUCCESS);
  }
};

bool is_there(HANDLE top) noexcept {
  return NT_SUCCESS(open_key(Attributes{u"key", OBJ_CASE_INSENSITIVE, top}));
}

}  // namespace

MICA_EXPLORE("R1-end", "R1: a commit, a rollback and a closed enlistment make one end for all",
             .processors = 3, .bound = 1) {
  CaseKey top;
  Part part, leaver;
  TransactionHandle transaction;
  KeyHandle key, stays, leaves;
  MICA_REQUIRE(create_in(key, transaction, top, u"key") == STATUS_SUCCESS);
  part.enlist(stays, transaction);
  leaver.enlist(leaves, transaction);
  NTSTATUS committed = STATUS_SUCCESS, rolled_back = STATUS_SUCCESS;
  auto committer = [&] { committed = ZwCommitTransaction(transaction, TRUE); };
  auto roller = [&] { rolled_back = ZwRollbackTransaction(transaction, TRUE); };
  auto closer = [&] { leaves.close(); };
  {
    Team team{window};
    team.add(committer, {.processor = 0});
    team.add(roller, {.processor = 1});
    team.add(closer, {.processor = 2});
    team.run();
  }
  bool const commits = transaction.outcome() == TransactionOutcomeCommitted;
  MICA_CHECK(transaction.is_over());
  MICA_CHECK(commits == (committed == STATUS_SUCCESS) && commits == is_there(top));
  MICA_CHECK(part.commits == (commits ? 1u : 0u) && part.rollbacks == (commits ? 0u : 1u));
  MICA_CHECK(leaver.commits + leaver.rollbacks <= 1);
  if (commits) MICA_CHECK(!NT_SUCCESS(rolled_back));
  key.close();
  if (commits) delete_below(top, u"key");
}

MICA_EXPLORE("R1-outside", "R1: who is in no transaction wins over one that is committed meanwhile",
             .processors = 2, .bound = 1) {
  CaseKey top;
  TransactionHandle transaction;
  KeyHandle inside;
  Text value{u"Value"};
  MICA_REQUIRE(open_in(inside, transaction, nullptr, top_path) == STATUS_SUCCESS);
  MICA_REQUIRE(set_number(inside, value, 1) == STATUS_SUCCESS);
  NTSTATUS committed = STATUS_SUCCESS;
  auto committer = [&] { committed = ZwCommitTransaction(transaction, TRUE); };
  auto outsider = [&] { MICA_CHECK(set_number(top, value, 2) == STATUS_SUCCESS); };
  {
    Team team{window};
    team.add(committer, {.processor = 0});
    team.add(outsider, {.processor = 1});
    team.run();
  }
  MICA_CHECK(number_in(top, value) == 2);
  MICA_CHECK((transaction.outcome() == TransactionOutcomeCommitted) ==
             (committed == STATUS_SUCCESS));
  MICA_CHECK(NT_SUCCESS(committed) || committed == STATUS_TRANSACTION_ALREADY_ABORTED);
}

MICA_EXPLORE("R1-timeout",
             "R1: a time-out and a commit make one end, and nothing is left of the timer",
             .processors = 2, .time_jumps = true, .bound = 1) {
  LARGE_INTEGER soon{.QuadPart = -millisecond_100ns};
  KeyHandle handle;
  MICA_REQUIRE(ZwCreateTransaction(handle.out(), TRANSACTION_ALL_ACCESS, nullptr, nullptr, nullptr,
                                   0, 0, 0, &soon, nullptr) == STATUS_SUCCESS);
  NTSTATUS committed = STATUS_SUCCESS;
  auto committer = [&] { committed = ZwCommitTransaction(handle, TRUE); };
  auto waiter = [&] {
    MICA_CHECK(ZwWaitForSingleObject(handle, FALSE, nullptr) == STATUS_SUCCESS);
  };
  Team team{window};
  team.add(committer, {.processor = 0});
  team.add(waiter, {.processor = 1});
  team.run();
  MICA_CHECK(committed == STATUS_SUCCESS || committed == STATUS_TRANSACTION_ALREADY_ABORTED);
}
