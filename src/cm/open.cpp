// Creating and opening keys.                           [MSDN ZwCreateKey, ZwOpenKey, ZwOpenKeyEx]
#include <nt/zw/keys.h>

#include <nt/rtl.h>

#include "cm/branch.hpp"
#include "cm/key.hpp"
#include "cm/link.hpp"
#include "cm/notice.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"
#include "ob/lookup.hpp"

namespace mica::cm {
namespace {

struct OpenRequest {
  OBJECT_ATTRIBUTES const& attributes;
  ACCESS_MASK access;
  ULONG options;
  CreateRequest* create;         // null: it must be there
  tm::Transaction* transaction;  // that the caller names; or null
  Branch* branch;                // what it is opened in; or null
};

// The key object of that path, referenced.
[[nodiscard]] NTSTATUS find(OpenRequest const& request, void** found) noexcept {
  ULONG const link = (request.options & REG_OPTION_OPEN_LINK) != 0 ? OBJ_OPENLINK : 0;
  ob::Search search{};
  if (request.attributes.ObjectName != nullptr) search.path = *request.attributes.ObjectName;
  search.root = request.attributes.RootDirectory;
  search.attributes = request.attributes.Attributes | link;
  search.mode = KernelMode;
  search.wanted = state().key_type;
  search.access = request.access;
  WalkRequest walk{request.create, request.branch};
  search.context = &walk;
  return ob::look_up(search, found);
}

// The key object that the path starts from: a root handle's, or \Registry's.
class [[nodiscard]] Start {
 public:
  explicit Start(HANDLE root) noexcept {
    if (root == nullptr || !NT_SUCCESS(opened_.open(root, 0))) return;
    key_ = &opened_.key();
  }
  [[nodiscard]] Key& key() const noexcept {
    return key_ != nullptr ? *key_ : *static_cast<Key*>(state().root_key);
  }

 private:
  OpenedKey opened_;
  Key* key_ = nullptr;
};

// What of the path lies below the key that it starts from.
[[nodiscard]] UNICODE_STRING remaining_of(UNICODE_STRING const& path) noexcept {
  UNICODE_STRING const root = string_of(u"\\Registry\\");
  if (RtlPrefixUnicodeString(&root, &path, TRUE) == FALSE) return path;
  auto const bytes = static_cast<USHORT>(path.Length - root.Length);
  return {bytes, bytes, path.Buffer + root.Length / sizeof(WCHAR)};
}

// As find(), told to the callbacks. The rights that a handle gets are in `granted`.
[[nodiscard]] NTSTATUS find_notified(OpenRequest const& request, Start const& start, void** found,
                                     ACCESS_MASK& granted) noexcept {
  UNICODE_STRING complete =
      request.attributes.ObjectName != nullptr ? *request.attributes.ObjectName : UNICODE_STRING{};
  UNICODE_STRING remaining = remaining_of(complete);
  CreateRequest ignored{};
  CreateRequest& create = request.create != nullptr ? *request.create : ignored;
  REG_CREATE_KEY_INFORMATION_V1 information{};
  information.CompleteName = &complete;
  information.RootObject = &start.key();
  information.ObjectType = state().key_type;
  information.Options = request.options;
  information.Class = const_cast<UNICODE_STRING*>(create.class_name);
  information.SecurityDescriptor = request.attributes.SecurityDescriptor;
  information.SecurityQualityOfService = request.attributes.SecurityQualityOfService;
  information.DesiredAccess = request.access;
  information.Disposition = &create.disposition;
  information.ResultObject = found;
  information.Transaction = request.transaction;
  information.Version = 1;
  information.RemainingName = &remaining;
  information.Attributes = request.attributes.Attributes;
  information.CheckAccessMode = KernelMode;
  bool const creates = request.create != nullptr;
  Notice notice{{creates ? RegNtPreCreateKeyEx : RegNtPreOpenKeyEx,
                 creates ? RegNtPostCreateKeyEx : RegNtPostOpenKeyEx},
                {&information, &information.CallContext, &information.RootObjectContext}};
  NTSTATUS status = notice.before(start.key());
  if (status == STATUS_SUCCESS) {
    status = find(request, found);
  } else if (status == STATUS_CALLBACK_BYPASS) {
    status = STATUS_SUCCESS;
    granted = information.GrantedAccess;
  }
  void* const opened = NT_SUCCESS(status) ? *found : nullptr;
  status = notice.after(status, static_cast<Key*>(opened));
  if (!NT_SUCCESS(status) && opened != nullptr) ObfDereferenceObject(opened);
  return status;
}

[[nodiscard]] NTSTATUS open(OpenRequest const& request, Start const& start,
                            HANDLE* handle) noexcept {
  void* found = nullptr;
  ACCESS_MASK granted = request.access;
  bool const told = state().callbacks.count.load(std::memory_order_relaxed) != 0;
  NTSTATUS status = told ? find_notified(request, start, &found, granted) : find(request, &found);
  if (!NT_SUCCESS(status)) return status;
  status = ObOpenObjectByPointer(found, request.attributes.Attributes, nullptr, granted,
                                 state().key_type, KernelMode, handle);
  ObfDereferenceObject(found);
  return status;
}

// The branch that a key is opened in: of the transaction that the caller names, or of the key that
// the path starts from; referenced, or null. STATUS_INVALID_TRANSACTION: these are two.
[[nodiscard]] NTSTATUS find_branch(OpenRequest const& request, Key const& start,
                                   Branch** branch) noexcept {
  *branch = start.branch;
  if (request.transaction == nullptr) {
    if (start.branch != nullptr) reference(*start.branch);
    return STATUS_SUCCESS;
  }
  if (start.branch != nullptr && start.branch->transaction != request.transaction)
    return STATUS_INVALID_TRANSACTION;
  return branch_of(*request.transaction, branch);
}

[[nodiscard]] NTSTATUS open_in_branch(OpenRequest request, HANDLE* handle) noexcept {
  Start const start{request.attributes.RootDirectory};
  NTSTATUS status = find_branch(request, start.key(), &request.branch);
  if (!NT_SUCCESS(status)) return status;
  status = open(request, start, handle);
  if (request.branch != nullptr) dereference(*request.branch);
  return status;
}

// Null stands for no transaction.
[[nodiscard]] NTSTATUS open_existing(HANDLE* handle, ACCESS_MASK access,
                                     OBJECT_ATTRIBUTES const* attributes, ULONG options,
                                     tm::Transaction* transaction) noexcept {
  if (attributes == nullptr || (options & ~ULONG{REG_OPEN_LEGAL_OPTION}) != 0)
    return STATUS_INVALID_PARAMETER;
  NTSTATUS const status = ob::check_attributes(attributes);
  if (!NT_SUCCESS(status)) return status;
  return open_in_branch({*attributes, access, options, nullptr, transaction, nullptr}, handle);
}

[[nodiscard]] NTSTATUS create(HANDLE* handle, ACCESS_MASK access,
                              OBJECT_ATTRIBUTES const* attributes, CreateRequest& request,
                              tm::Transaction* transaction, ULONG* disposition) noexcept {
  if (attributes == nullptr || (request.options & ~ULONG{REG_LEGAL_OPTION}) != 0)
    return STATUS_INVALID_PARAMETER;
  NTSTATUS status = ob::check_attributes(attributes);
  if (!NT_SUCCESS(status)) return status;
  status = open_in_branch({*attributes, access, request.options, &request, transaction, nullptr},
                          handle);
  if (NT_SUCCESS(status) && disposition != nullptr) *disposition = request.disposition;
  return status;
}

using Named = tm::Opened<tm::Transaction>;

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG, PUNICODE_STRING Class,
                           ULONG CreateOptions, PULONG Disposition) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  CreateRequest request{Class, CreateOptions, 0};
  return create(KeyHandle, DesiredAccess, ObjectAttributes, request, nullptr, Disposition);
}

NTSTATUS NTAPI ZwCreateKeyTransacted(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes, ULONG,
                                     PUNICODE_STRING Class, ULONG CreateOptions,
                                     HANDLE TransactionHandle, PULONG Disposition) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  Named transaction{mica::tm::state().transaction_type};
  NTSTATUS const status = transaction.open(TransactionHandle, TRANSACTION_ENLIST);
  if (!NT_SUCCESS(status)) return status;
  CreateRequest request{Class, CreateOptions, 0};
  return create(KeyHandle, DesiredAccess, ObjectAttributes, request, &*transaction, Disposition);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  return open_existing(KeyHandle, DesiredAccess, ObjectAttributes, 0, nullptr);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  return open_existing(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions, nullptr);
}

NTSTATUS NTAPI ZwOpenKeyTransacted(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                   POBJECT_ATTRIBUTES ObjectAttributes, HANDLE TransactionHandle) {
  return ZwOpenKeyTransactedEx(KeyHandle, DesiredAccess, ObjectAttributes, 0, TransactionHandle);
}

NTSTATUS NTAPI ZwOpenKeyTransactedEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions,
                                     HANDLE TransactionHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  Named transaction{mica::tm::state().transaction_type};
  NTSTATUS const status = transaction.open(TransactionHandle, TRANSACTION_ENLIST);
  if (!NT_SUCCESS(status)) return status;
  return open_existing(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions, &*transaction);
}
