// What is said of the objects.
//   [MSDN ZwQueryInformationTransaction, ZwSetInformationTransaction,
//    ZwQueryInformationTransactionManager, ZwQueryInformationResourceManager,
//    ZwQueryInformationEnlistment]
#include <nt/zw/transactions.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/list.hpp"
#include "ke/verifier.hpp"
#include "tm/step.hpp"

namespace mica::tm {

NTSTATUS Description::set(UNICODE_STRING const* given) noexcept {
  bytes = 0;
  if (given == nullptr) return STATUS_SUCCESS;
  if (given->Length > sizeof text) return STATUS_INVALID_PARAMETER;
  bytes = given->Length;
  std::memcpy(text, given->Buffer, bytes);
  return STATUS_SUCCESS;
}

namespace {

// A caller's buffer, and what it needs.
class Answer {
 public:
  Answer(void* buffer, ULONG length, ULONG* needed) noexcept
      : buffer_{static_cast<std::byte*>(buffer)}, length_{length}, needed_{needed} {}

  // The structure, which ends with `bytes` of `tail` at `offset` instead of its last member.
  template <class Structure>
  [[nodiscard]] NTSTATUS give(Structure const& structure, ULONG offset, void const* tail,
                              ULONG bytes) noexcept {
    ULONG const total = std::max<ULONG>(sizeof structure, offset + bytes);
    if (needed_ != nullptr) *needed_ = total;
    if (length_ < sizeof structure) return STATUS_INFO_LENGTH_MISMATCH;
    std::memcpy(buffer_, &structure, sizeof structure);
    ULONG const room = std::min(bytes, length_ - offset);
    if (room != 0) std::memcpy(buffer_ + offset, tail, room);
    return room == bytes ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
  }
  template <class Structure>
  [[nodiscard]] NTSTATUS give(Structure const& structure) noexcept {
    return give(structure, sizeof structure, &structure, 0);
  }

 private:
  std::byte* const buffer_;
  ULONG const length_;
  ULONG* const needed_;
};

[[nodiscard]] TRANSACTION_OUTCOME outcome_of(Transaction const& transaction) noexcept {
  if (!is_decided(transaction)) return TransactionOutcomeUndetermined;
  bool const committed =
      transaction.phase == Phase::committing || transaction.phase == Phase::committed;
  return committed ? TransactionOutcomeCommitted : TransactionOutcomeAborted;
}

[[nodiscard]] NTSTATUS basic(Transaction const& transaction, Answer& answer) noexcept {
  TRANSACTION_BASIC_INFORMATION information{};
  information.TransactionId = transaction.id;
  information.State = transaction.phase == Phase::committing ? TransactionStateCommittedNotify
                                                             : TransactionStateNormal;
  information.Outcome = outcome_of(transaction);
  return answer.give(information);
}

[[nodiscard]] NTSTATUS properties(Transaction const& transaction, Answer& answer) noexcept {
  TRANSACTION_PROPERTIES_INFORMATION information{};
  information.Timeout = transaction.timeout;
  information.Outcome = outcome_of(transaction);
  information.DescriptionLength = transaction.description.bytes;
  return answer.give(information, offsetof(TRANSACTION_PROPERTIES_INFORMATION, Description),
                     transaction.description.text, transaction.description.bytes);
}

// All that are there, also those that are over.
[[nodiscard]] NTSTATUS enlistments(Transaction const& transaction, void* buffer, ULONG length,
                                   ULONG* needed) noexcept {
  constexpr ULONG fixed = offsetof(TRANSACTION_ENLISTMENTS_INFORMATION, EnlistmentPair);
  LIST_ENTRY const& list = transaction.enlistments;
  ULONG count = 0;
  for (LIST_ENTRY* entry = list.Flink; entry != &list; entry = entry->Flink) {
    auto const& enlistment = MICA_CONTAINING(*entry, Enlistment, of_transaction);
    TRANSACTION_ENLISTMENT_PAIR const pair{enlistment.id, enlistment.resource_manager->id};
    ULONG const at = fixed + count++ * ULONG{sizeof pair};
    if (at + sizeof pair <= length)
      std::memcpy(static_cast<std::byte*>(buffer) + at, &pair, sizeof pair);
  }
  ULONG const total = fixed + count * ULONG{sizeof(TRANSACTION_ENLISTMENT_PAIR)};
  if (needed != nullptr) *needed = total;
  if (length < fixed) return STATUS_INFO_LENGTH_MISMATCH;
  std::memcpy(buffer, &count, sizeof count);
  return total <= length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

// The description that follows a structure of that length.
[[nodiscard]] NTSTATUS description_of(TRANSACTION_PROPERTIES_INFORMATION const& information,
                                      ULONG length, Description& description) noexcept {
  constexpr ULONG fixed = offsetof(TRANSACTION_PROPERTIES_INFORMATION, Description);
  ULONG const bytes = information.DescriptionLength;
  if (bytes > sizeof description.text || bytes > length - fixed) return STATUS_INVALID_PARAMETER;
  auto const size = static_cast<USHORT>(bytes);
  UNICODE_STRING const text{size, size, const_cast<WCHAR*>(information.Description)};
  return description.set(&text);
}

[[nodiscard]] NTSTATUS set_properties(Transaction& transaction,
                                      TRANSACTION_PROPERTIES_INFORMATION const& information,
                                      ULONG length) noexcept {
  if (information.IsolationLevel != 0 || information.IsolationFlags != 0)
    return STATUS_INVALID_PARAMETER;
  Description description{};
  NTSTATUS status = description_of(information, length, description);
  if (!NT_SUCCESS(status)) return status;
  Step step;
  if (transaction.phase != Phase::active) return STATUS_TRANSACTION_NOT_ACTIVE;
  status = set_timeout(step, transaction, information.Timeout);
  if (NT_SUCCESS(status)) transaction.description = description;
  return status;
}

}  // namespace
}  // namespace mica::tm

using namespace mica;
using namespace mica::tm;

NTSTATUS NTAPI ZwQueryInformationTransaction(
    HANDLE TransactionHandle, TRANSACTION_INFORMATION_CLASS TransactionInformationClass,
    PVOID TransactionInformation, ULONG TransactionInformationLength, PULONG ReturnLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  Opened<Transaction> transaction{state().transaction_type};
  NTSTATUS const status = transaction.open(TransactionHandle, TRANSACTION_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  Answer answer{TransactionInformation, TransactionInformationLength, ReturnLength};
  Guard const guard;
  switch (TransactionInformationClass) {
    case TransactionBasicInformation:
      return basic(*transaction, answer);
    case TransactionPropertiesInformation:
      return properties(*transaction, answer);
    case TransactionEnlistmentInformation:
      return enlistments(*transaction, TransactionInformation, TransactionInformationLength,
                         ReturnLength);
    default:
      return STATUS_INVALID_INFO_CLASS;
  }
}

NTSTATUS NTAPI ZwSetInformationTransaction(
    HANDLE TransactionHandle, TRANSACTION_INFORMATION_CLASS TransactionInformationClass,
    PVOID TransactionInformation, ULONG TransactionInformationLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionHandle);
  Opened<Transaction> transaction{state().transaction_type};
  NTSTATUS const status = transaction.open(TransactionHandle, TRANSACTION_SET_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (TransactionInformationClass != TransactionPropertiesInformation)
    return STATUS_INVALID_INFO_CLASS;
  if (TransactionInformationLength < sizeof(TRANSACTION_PROPERTIES_INFORMATION))
    return STATUS_INFO_LENGTH_MISMATCH;
  return set_properties(*transaction,
                        *static_cast<TRANSACTION_PROPERTIES_INFORMATION*>(TransactionInformation),
                        TransactionInformationLength);
}

NTSTATUS NTAPI ZwQueryInformationTransactionManager(
    HANDLE TransactionManagerHandle,
    TRANSACTIONMANAGER_INFORMATION_CLASS TransactionManagerInformationClass,
    PVOID TransactionManagerInformation, ULONG TransactionManagerInformationLength,
    PULONG ReturnLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, TransactionManagerHandle);
  Opened<Manager> manager{state().manager_type};
  NTSTATUS const status =
      manager.open(TransactionManagerHandle, TRANSACTIONMANAGER_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (TransactionManagerInformationClass != TransactionManagerBasicInformation)
    return STATUS_INVALID_INFO_CLASS;
  Answer answer{TransactionManagerInformation, TransactionManagerInformationLength, ReturnLength};
  Guard const guard;
  TRANSACTIONMANAGER_BASIC_INFORMATION information{};
  information.TmIdentity = manager->id;
  information.VirtualClock.QuadPart = manager->clock;
  return answer.give(information);
}

NTSTATUS NTAPI ZwQueryInformationResourceManager(
    HANDLE ResourceManagerHandle, RESOURCEMANAGER_INFORMATION_CLASS ResourceManagerInformationClass,
    PVOID ResourceManagerInformation, ULONG ResourceManagerInformationLength, PULONG ReturnLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, ResourceManagerHandle);
  Opened<ResourceManager> manager{state().resource_manager_type};
  NTSTATUS const status = manager.open(ResourceManagerHandle, RESOURCEMANAGER_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (ResourceManagerInformationClass != ResourceManagerBasicInformation)
    return STATUS_INVALID_INFO_CLASS;
  Answer answer{ResourceManagerInformation, ResourceManagerInformationLength, ReturnLength};
  RESOURCEMANAGER_BASIC_INFORMATION information{};
  information.ResourceManagerId = manager->id;
  information.DescriptionLength = manager->description.bytes;
  return answer.give(information, offsetof(RESOURCEMANAGER_BASIC_INFORMATION, Description),
                     manager->description.text, manager->description.bytes);
}

NTSTATUS NTAPI ZwQueryInformationEnlistment(HANDLE EnlistmentHandle,
                                            ENLISTMENT_INFORMATION_CLASS EnlistmentInformationClass,
                                            PVOID EnlistmentInformation,
                                            ULONG EnlistmentInformationLength,
                                            PULONG ReturnLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EnlistmentHandle);
  Opened<Enlistment> enlistment{state().enlistment_type};
  NTSTATUS const status = enlistment.open(EnlistmentHandle, ENLISTMENT_QUERY_INFORMATION);
  if (!NT_SUCCESS(status)) return status;
  if (EnlistmentInformationClass != EnlistmentBasicInformation) return STATUS_INVALID_INFO_CLASS;
  Answer answer{EnlistmentInformation, EnlistmentInformationLength, ReturnLength};
  return answer.give(ENLISTMENT_BASIC_INFORMATION{enlistment->id, enlistment->transaction->id,
                                                  enlistment->resource_manager->id});
}
