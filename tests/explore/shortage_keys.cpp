// M1: of keys, transactions and adapters of DMA.
#include <nt/ntddk.h>

#include "conformance/cm_transaction_support.hpp"
#include "conformance/dma_support.hpp"
#include "shortage.hpp"

using namespace mica::explore;
using namespace mica::test;

namespace {

template <std::size_t N>
NTSTATUS make_key(KeyHandle& key, HANDLE parent, WCHAR const (&name)[N]) noexcept {
  Text class_name{u"Class"};
  Attributes attributes{name, OBJ_CASE_INSENSITIVE, parent};
  return create_key(key, attributes, 0, nullptr, KEY_ALL_ACCESS, class_name);
}

// The key of the scenarios, for which there is memory in the end.
NTSTATUS open_short(KeyHandle& key, HANDLE parent) noexcept {
  Attributes attributes{u"Short", OBJ_CASE_INSENSITIVE, parent};
  NTSTATUS status = STATUS_PENDING;
  do status = ZwOpenKey(key.out(), KEY_ALL_ACCESS, attributes);
  while (status == STATUS_INSUFFICIENT_RESOURCES);
  return status;
}

bool is_there(HANDLE parent) noexcept {
  KeyHandle key;
  return open_short(key, parent) == STATUS_SUCCESS;
}

}  // namespace

MICA_EXPLORE("M1-short-key", "M1: a key that cannot be made is not there, and leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  CaseKey const parent;
  ask(window, [&] {
    KeyHandle key;
    NTSTATUS const status = make_key(key, parent, u"Short");
    if (status == STATUS_SUCCESS) MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    return status;
  });
  MICA_CHECK(!is_there(parent));
}

MICA_EXPLORE("M1-short-value", "M1: a value that cannot be set is what it was", .processors = 1,
             .bound = 2, .shortage = true) {
  CaseKey const key;
  Text name{u"Number"}, other{u"Other"};
  char const longer[200] = {};
  ask(window, [&] {
    ULONG const before = NT_SUCCESS(set_number(key, name, 7)) ? 7 : MAXULONG;
    MICA_CHECK(number_in(key, name) == before);
    NTSTATUS const status = set_value(key, name, REG_BINARY, longer, sizeof longer);
    if (!NT_SUCCESS(status)) MICA_CHECK(number_in(key, name) == before);
    NTSTATUS const added = set_number(key, other, 8);
    MICA_CHECK(number_in(key, other) == (NT_SUCCESS(added) ? 8 : MAXULONG));
    for (Text* const each : {&name, &other}) {
      NTSTATUS const gone = ZwDeleteValueKey(key, *each);
      MICA_CHECK(gone == STATUS_SUCCESS || gone == STATUS_OBJECT_NAME_NOT_FOUND);
    }
    return NT_SUCCESS(status) ? added : status;
  });
}

MICA_EXPLORE("M1-short-commit",
             "M1: of a transaction's keys all are there or none, whatever memory", .processors = 1,
             .bound = 2, .shortage = true) {
  CaseKey const parent;
  ask(window, [&] {
    HANDLE made = nullptr;
    NTSTATUS status = ZwCreateTransaction(&made, TRANSACTION_ALL_ACCESS, nullptr, nullptr, nullptr,
                                          0, 0, 0, nullptr, nullptr);
    if (status != STATUS_SUCCESS) return status;
    {
      KeyHandle top, key;
      status = open_in(top, made, nullptr, top_path);
      if (status == STATUS_SUCCESS) status = create_in(key, made, top, u"Short");
      Text name{u"Number"};
      if (status == STATUS_SUCCESS) status = set_number(key, name, 7);
      if (status == STATUS_SUCCESS) {
        status = ZwCommitTransaction(made, TRUE);
        MICA_CHECK(is_there(parent) == (status == STATUS_SUCCESS));
      }
    }
    MICA_CHECK(ZwClose(made) == STATUS_SUCCESS);
    KeyHandle key;
    if (status == STATUS_SUCCESS)
      MICA_CHECK(open_short(key, parent) == STATUS_SUCCESS && ZwDeleteKey(key) == STATUS_SUCCESS);
    return status;
  });
  MICA_CHECK(!is_there(parent));
}

MICA_EXPLORE("M1-short-manager",
             "M1: managers of transactions and resources that cannot be made leave nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  ask(window, [] {
    KeyHandle manager, resource;
    NTSTATUS status = ZwCreateTransactionManager(manager.out(), TRANSACTIONMANAGER_ALL_ACCESS,
                                                 nullptr, nullptr, TRANSACTION_MANAGER_VOLATILE, 0);
    if (status != STATUS_SUCCESS) return status;
    return ZwCreateResourceManager(resource.out(), RESOURCEMANAGER_ALL_ACCESS, manager, nullptr,
                                   nullptr, RESOURCE_MANAGER_VOLATILE, nullptr);
  });
}

MICA_EXPLORE("M1-short-watcher", "M1: who cannot watch the registry leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [&] {
    Text altitude{u"320000"};
    LARGE_INTEGER cookie{};
    NTSTATUS const status =
        CmRegisterCallbackEx([](PVOID, PVOID, PVOID) NTAPI -> NTSTATUS { return STATUS_SUCCESS; },
                             altitude, nullptr, nullptr, &cookie, nullptr);
    if (status == STATUS_SUCCESS) MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS);
    return status;
  });
}

MICA_EXPLORE("M1-short-adapter", "M1: an adapter that cannot be made leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [&] {
    ULONG registers = 0;
    DEVICE_DESCRIPTION device = bus_master(short_bits, 2 * PAGE_SIZE);
    PDMA_ADAPTER const adapter = IoGetDmaAdapter(nullptr, &device, &registers);
    if (adapter == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    PHYSICAL_ADDRESS logical{};
    PVOID const buffer =
        adapter->DmaOperations->AllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE);
    if (buffer != nullptr)
      adapter->DmaOperations->FreeCommonBuffer(adapter, PAGE_SIZE, logical, buffer, TRUE);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    return buffer != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
  });
}
