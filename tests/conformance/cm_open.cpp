// Opening and creating keys: what a callback is told of it, and what is refused.
//                        [MSDN ZwCreateKey, ZwOpenKeyTransactedEx, REG_CREATE_KEY_INFORMATION_V1]
#include <nt/rtl.h>

#include "cm_transaction_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

// What a routine is told before a key is created or opened.
struct Told {
  LARGE_INTEGER cookie{};
  REG_CREATE_KEY_INFORMATION_V1 last{};
  WCHAR name[32]{}, remaining[32]{}, class_name[8]{};

  Told() noexcept {
    Text altitude{u"400124"};
    MICA_REQUIRE(CmRegisterCallbackEx(hear, altitude, nullptr, this, &cookie, nullptr) ==
                 STATUS_SUCCESS);
  }
  Told(Told const&) = delete;
  Told& operator=(Told const&) = delete;
  ~Told() { MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS); }

  template <std::size_t N>
  static void copy(WCHAR (&to)[N], UNICODE_STRING const* from) noexcept {
    for (WCHAR& character : to) character = 0;
    if (from != nullptr && from->Length < sizeof to)
      std::memcpy(to, from->Buffer, from->Length);
  }
  static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID information) {
    auto& self = *static_cast<Told*>(context);
    auto const code = static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(what));
    if (code != RegNtPreCreateKeyEx && code != RegNtPreOpenKeyEx) return STATUS_SUCCESS;
    self.last = *static_cast<REG_CREATE_KEY_INFORMATION_V1*>(information);
    copy(self.name, self.last.CompleteName);
    copy(self.remaining, self.last.RemainingName);
    copy(self.class_name, self.last.Class);
    if (self.last.Disposition != nullptr) *self.last.Disposition = 7;
    return STATUS_SUCCESS;
  }
};

template <std::size_t N>
[[nodiscard]] bool is(WCHAR const* text, WCHAR const (&expected)[N]) noexcept {
  return std::memcmp(text, expected, sizeof expected) == 0;
}

// Each routine that opens a key, with a handle that has a value before.
template <class Use>
void with_each(OBJECT_ATTRIBUTES* attributes, HANDLE transaction, Use use) noexcept {
  use([=](HANDLE* key) { return ZwCreateKey(key, KEY_READ, attributes, 0, nullptr, 0, nullptr); });
  use([=](HANDLE* key) {
    return ZwCreateKeyTransacted(key, KEY_READ, attributes, 0, nullptr, 0, transaction, nullptr);
  });
  use([=](HANDLE* key) { return ZwOpenKey(key, KEY_READ, attributes); });
  use([=](HANDLE* key) { return ZwOpenKeyEx(key, KEY_READ, attributes, 0); });
  use([=](HANDLE* key) { return ZwOpenKeyTransacted(key, KEY_READ, attributes, transaction); });
  use([=](HANDLE* key) {
    return ZwOpenKeyTransactedEx(key, KEY_READ, attributes, 0, transaction);
  });
}

}  // namespace

MICA_CASE("Cm: a callback is told all that the caller asks for") {
  CaseKey top;
  Told told;
  Text class_name{u"Sort"};
  SECURITY_DESCRIPTOR descriptor{};
  MICA_REQUIRE(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) ==
               STATUS_SUCCESS);
  ULONG quality = 0;  // which nobody looks at
  Attributes path{u"Key", OBJ_CASE_INSENSITIVE, top};
  path->SecurityDescriptor = &descriptor;
  path->SecurityQualityOfService = &quality;
  KeyHandle key;
  ULONG disposition = 0;
  MICA_REQUIRE(create_key(key, path, REG_OPTION_VOLATILE, &disposition, KEY_READ | DELETE,
                          class_name) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_CREATED_NEW_KEY);
  MICA_CHECK(told.last.Options == REG_OPTION_VOLATILE && is(told.class_name, u"Sort"));
  MICA_CHECK(told.last.SecurityDescriptor == &descriptor);
  MICA_CHECK(told.last.SecurityQualityOfService == &quality);
  MICA_CHECK(told.last.DesiredAccess == (KEY_READ | DELETE) && told.last.Disposition != nullptr);
  MICA_CHECK(told.last.Attributes == OBJ_CASE_INSENSITIVE && told.last.Version == 1);
  MICA_CHECK(told.last.CheckAccessMode == KernelMode && told.last.Wow64Flags == 0);
  MICA_CHECK(told.last.ObjectType == *CmKeyObjectType && told.last.Transaction == nullptr);
  MICA_CHECK(is(told.name, u"Key") && is(told.remaining, u"Key"));
  MICA_CHECK(open_key(Attributes{u"\\REGISTRY\\Machine\\Software"}) == STATUS_SUCCESS);
  MICA_CHECK(is(told.name, u"\\REGISTRY\\Machine\\Software"));
  MICA_CHECK(is(told.remaining, u"Machine\\Software") && told.class_name[0] == 0);
  MICA_CHECK(told.last.Options == 0);
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
}

MICA_CASE("Cm: who gets no key gets no handle, and is told of no disposition") {
  CaseKey top;
  TransactionHandle const transaction;
  Attributes nowhere{u"Absent\\Key", OBJ_CASE_INSENSITIVE, top};
  with_each(nowhere, transaction, [&](auto open) {
    HANDLE key = top;
    MICA_CHECK(open(&key) == STATUS_OBJECT_NAME_NOT_FOUND);
    MICA_CHECK(key == nullptr);
  });
  KeyHandle key;
  ULONG disposition = 77;
  MICA_CHECK(create_key(key, nowhere, 0, &disposition) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(disposition == 77);
}

MICA_CASE("Cm: attributes that are none, and what is no transaction, open no key") {
  CaseKey top;
  TransactionHandle const transaction;
  Attributes path{u"\\Registry\\Machine\\Software", OBJ_CASE_INSENSITIVE};
  HANDLE key = nullptr;
  MICA_CHECK(ZwOpenKeyTransacted(&key, KEY_READ, path, top) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwCreateKeyTransacted(&key, KEY_READ, path, 0, nullptr, 0, top, nullptr) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(key == nullptr);
  path->Length = sizeof(OBJECT_ATTRIBUTES) - 1;
  with_each(path, transaction,
            [&](auto open) { MICA_CHECK(open(&key) == STATUS_INVALID_PARAMETER); });
  Attributes other{u"\\Device", OBJ_CASE_INSENSITIVE};
  MICA_CHECK(ZwOpenKey(&key, KEY_READ, other) == STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Cm: keys are opened at PASSIVE_LEVEL") {
  TransactionHandle const transaction;
  Attributes path{u"\\Registry\\Machine\\Software", OBJ_CASE_INSENSITIVE};
  with_each(path, transaction, [&](auto open) {
    HANDLE key = nullptr;
    Bugcheck const seen = bugcheck_of([&] {
      KIRQL before;
      KeRaiseIrql(APC_LEVEL, &before);
      static_cast<void>(open(&key));
    });
    MICA_CHECK(seen.code == IRQL_NOT_LESS_OR_EQUAL && seen.parameters[1] == APC_LEVEL);
    MICA_CHECK(seen.parameters[0] == reinterpret_cast<ULONG_PTR>(&key));
  });
}

MICA_CASE("Cm: keys that are opened from one in a transaction keep it") {
  SpecialPool const special{'xTmC'};  // the registry's share of a transaction
  CaseKey top;
  Inside inside;
  for (int i = 0; i < 8; ++i) {
    KeyHandle key;
    Attributes name{u"Key", OBJ_CASE_INSENSITIVE, inside.top};
    MICA_CHECK(create_key(key, name) == STATUS_SUCCESS);
  }
  MICA_CHECK(open_below(top, u"Key") == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(inside.commit() == STATUS_SUCCESS);
  delete_below(top, u"Key");
}
