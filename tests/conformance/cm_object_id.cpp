// What names the key of a key object.                            [MSDN CmCallbackGetKeyObjectIDEx]
#include <nt/mm.h>
#include <nt/rtl.h>

#include "cm_support.hpp"

using namespace mica::test;

namespace {

NTSTATUS NTAPI ignore(PVOID, PVOID, PVOID) {
  return STATUS_SUCCESS;
}

// A routine that is registered for the length of a case.
struct Cookie {
  LARGE_INTEGER value{};
  Cookie() noexcept { MICA_REQUIRE(CmRegisterCallback(ignore, nullptr, &value) == STATUS_SUCCESS); }
  ~Cookie() { MICA_CHECK(CmUnRegisterCallback(value) == STATUS_SUCCESS); }
  Cookie(Cookie const&) = delete;
  Cookie& operator=(Cookie const&) = delete;
};

PVOID object_of(HANDLE key) {
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(key, 0, *CmKeyObjectType, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  ObDereferenceObject(object);  // the handle keeps it
  return object;
}

}  // namespace

MICA_CASE("Cm: a key has one identifier and one name, whichever object stands for it") {
  SpecialPool const special{mica::ob::pool_tag("CmCb")};  // of which nothing stays that was freed
  CaseKey top;
  Cookie cookie;
  KeyHandle one, again;
  MICA_REQUIRE(create_key(one, Attributes{u"One", 0, top}) == STATUS_SUCCESS);
  MICA_REQUIRE(create_key(again, Attributes{u"ONE", OBJ_CASE_INSENSITIVE, top}) == STATUS_SUCCESS);
  ULONG_PTR first = 0, second = 0, other = 0;
  PCUNICODE_STRING name = nullptr;
  MICA_REQUIRE(CmCallbackGetKeyObjectIDEx(&cookie.value, object_of(one), &first, &name, 0) ==
               STATUS_SUCCESS);
  MICA_CHECK(RtlEqualUnicodeString(name, Text{u"\\REGISTRY\\Machine\\Software\\Case\\One"}, TRUE) !=
             FALSE);
  CmCallbackReleaseKeyObjectIDEx(name);
  MICA_CHECK(!MmIsAddressValid(const_cast<PUNICODE_STRING>(name)));
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&cookie.value, object_of(again), &second, nullptr, 0) ==
             STATUS_SUCCESS);
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&cookie.value, object_of(top), &other, nullptr, 0) ==
             STATUS_SUCCESS);
  MICA_CHECK(first != 0 && first == second && first != other);
  MICA_CHECK(ZwDeleteKey(one) == STATUS_SUCCESS);
}

MICA_CASE("Cm: who asks for a key's identifier wrongly is told so") {
  CaseKey top;
  Cookie cookie;
  LARGE_INTEGER strange{};
  strange.QuadPart = cookie.value.QuadPart + 1;
  ULONG_PTR id = 7;
  PVOID const key = object_of(top);
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&strange, key, &id, nullptr, 0) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&cookie.value, key, &id, nullptr, 1) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&cookie.value, nullptr, &id, nullptr, 0) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(CmCallbackGetKeyObjectIDEx(&cookie.value, KeGetCurrentThread(), &id, nullptr, 0) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(id == 7);
}

MICA_CASE("Cm: what a key object stands for is asked at APC_LEVEL at most") {
  CaseKey top;
  Cookie cookie;
  PVOID const key = object_of(top);
  PCUNICODE_STRING name = nullptr;
  MICA_REQUIRE(CmCallbackGetKeyObjectIDEx(&cookie.value, key, nullptr, &name, 0) ==
               STATUS_SUCCESS);
  auto const check = [](PVOID about, auto call) {
    Bugcheck const seen = bugcheck_of([&] {
      static_cast<void>(KfRaiseIrql(DISPATCH_LEVEL));
      call();
    });
    MICA_CHECK(seen.happened && seen.code == IRQL_NOT_LESS_OR_EQUAL);
    MICA_CHECK(seen.parameters[0] == reinterpret_cast<ULONG_PTR>(about));
    MICA_CHECK(seen.parameters[1] == DISPATCH_LEVEL);
  };
  check(key, [&] {
    ULONG_PTR id = 0;
    static_cast<void>(CmCallbackGetKeyObjectIDEx(&cookie.value, key, &id, nullptr, 0));
  });
  check(key, [&] { static_cast<void>(CmGetBoundTransaction(&cookie.value, key)); });
  check(const_cast<PUNICODE_STRING>(name), [&] { CmCallbackReleaseKeyObjectIDEx(name); });
  CmCallbackReleaseKeyObjectIDEx(name);
}
