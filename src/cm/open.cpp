// Creating and opening keys.                           [MSDN ZwCreateKey, ZwOpenKey, ZwOpenKeyEx]
#include <nt/zw/keys.h>

#include <nt/rtl.h>

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
  CreateRequest* create;  // null: it must be there
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
  search.context = request.create;
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
[[nodiscard]] NTSTATUS find_notified(OpenRequest const& request, void** found,
                                     ACCESS_MASK& granted) noexcept {
  Start const start{request.attributes.RootDirectory};
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

[[nodiscard]] NTSTATUS open(OpenRequest const& request, HANDLE* handle) noexcept {
  void* found = nullptr;
  ACCESS_MASK granted = request.access;
  bool const told = state().callbacks.count.load(std::memory_order_relaxed) != 0;
  NTSTATUS status = told ? find_notified(request, &found, granted) : find(request, &found);
  if (!NT_SUCCESS(status)) return status;
  status = ObOpenObjectByPointer(found, request.attributes.Attributes, nullptr, granted,
                                 state().key_type, KernelMode, handle);
  ObfDereferenceObject(found);
  return status;
}

[[nodiscard]] NTSTATUS open_existing(HANDLE* handle, ACCESS_MASK access,
                                     OBJECT_ATTRIBUTES const* attributes, ULONG options) noexcept {
  *handle = nullptr;
  if (attributes == nullptr || (options & ~ULONG{REG_OPEN_LEGAL_OPTION}) != 0)
    return STATUS_INVALID_PARAMETER;
  NTSTATUS const status = ob::check_attributes(attributes);
  return NT_SUCCESS(status) ? open({*attributes, access, options, nullptr}, handle) : status;
}

}  // namespace
}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG, PUNICODE_STRING Class,
                           ULONG CreateOptions, PULONG Disposition) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  *KeyHandle = nullptr;
  if (ObjectAttributes == nullptr || (CreateOptions & ~ULONG{REG_LEGAL_OPTION}) != 0)
    return STATUS_INVALID_PARAMETER;
  NTSTATUS status = ob::check_attributes(ObjectAttributes);
  if (!NT_SUCCESS(status)) return status;
  CreateRequest create{Class, CreateOptions, 0};
  status = open({*ObjectAttributes, DesiredAccess, CreateOptions, &create}, KeyHandle);
  if (NT_SUCCESS(status) && Disposition != nullptr) *Disposition = create.disposition;
  return status;
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  return open_existing(KeyHandle, DesiredAccess, ObjectAttributes, 0);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, KeyHandle);
  return open_existing(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions);
}
