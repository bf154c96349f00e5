// A second handle of what a handle names.                                 [MSDN ZwDuplicateObject]
#include <nt/ex.h>
#include <nt/ps.h>
#include <nt/zw.h>

#include "ob_support.hpp"

using namespace mica::test;

namespace {

struct Named {
  PVOID object = nullptr;
  OBJECT_HANDLE_INFORMATION information{};
  explicit Named(HANDLE handle) noexcept {
    MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, &information) ==
                 STATUS_SUCCESS);
    ObDereferenceObject(object);  // the handle keeps it
  }
};

HANDLE event_handle(ULONG attributes = 0) noexcept {
  OBJECT_ATTRIBUTES wanted;
  InitializeObjectAttributes(&wanted, nullptr, attributes, nullptr, nullptr);
  HANDLE handle = nullptr;
  MICA_REQUIRE(ZwCreateEvent(&handle, EVENT_MODIFY_STATE | SYNCHRONIZE, &wanted, NotificationEvent,
                             FALSE) == STATUS_SUCCESS);
  return handle;
}

NTSTATUS duplicate(HANDLE source, HANDLE* target, ACCESS_MASK access, ULONG attributes,
                   ULONG options) noexcept {
  return ZwDuplicateObject(NtCurrentProcess(), source, NtCurrentProcess(), target, access,
                           attributes, options);
}

}  // namespace

MICA_CASE("Ob: a duplicate names the same object, with rights and attributes of its own") {
  HANDLE const source = event_handle();
  HANDLE copy = nullptr;
  MICA_REQUIRE(duplicate(source, &copy, SYNCHRONIZE, OBJ_INHERIT, 0) == STATUS_SUCCESS);
  MICA_CHECK(copy != source);
  Named const one{source}, other{copy};
  MICA_CHECK(one.object == other.object);
  MICA_CHECK(other.information.GrantedAccess == SYNCHRONIZE);
  MICA_CHECK(other.information.HandleAttributes == OBJ_INHERIT);
  MICA_CHECK(ZwClose(source) == STATUS_SUCCESS);
  MICA_CHECK(Named{copy}.object == other.object);
  MICA_CHECK(ZwClose(copy) == STATUS_SUCCESS);
}

MICA_CASE("Ob: a duplicate has the rights and the attributes of its source where it is asked for") {
  HANDLE const source = event_handle(OBJ_INHERIT | OBJ_KERNEL_HANDLE);
  HANDLE copy = nullptr;
  MICA_REQUIRE(duplicate(source, &copy, 0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES) ==
               STATUS_SUCCESS);
  MICA_CHECK(Named{copy}.information.GrantedAccess == (EVENT_MODIFY_STATE | SYNCHRONIZE));
  MICA_CHECK(Named{copy}.information.HandleAttributes == OBJ_INHERIT);
  MICA_CHECK(ObIsKernelHandle(copy) != FALSE);
  HANDLE plain = nullptr;
  MICA_REQUIRE(duplicate(source, &plain, 0, 0, DUPLICATE_SAME_ACCESS) == STATUS_SUCCESS);
  MICA_CHECK(Named{plain}.information.HandleAttributes == 0 && ObIsKernelHandle(plain) == FALSE);
  MICA_CHECK(ZwClose(plain) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(copy) == STATUS_SUCCESS && ZwClose(source) == STATUS_SUCCESS);
}

MICA_CASE("Ob: a duplicate closes its source where it is asked for, whatever comes of it") {
  HANDLE source = event_handle();
  HANDLE copy = nullptr;
  MICA_REQUIRE(duplicate(source, &copy, SYNCHRONIZE, 0, DUPLICATE_CLOSE_SOURCE) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(source) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwDuplicateObject(NtCurrentProcess(), copy, nullptr, nullptr, 0, 0,
                               DUPLICATE_CLOSE_SOURCE) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(copy) == STATUS_INVALID_HANDLE);
  source = event_handle();
  MICA_CHECK(ZwDuplicateObject(NtCurrentProcess(), source, NtCurrentThread(), &copy, 0, 0,
                               DUPLICATE_CLOSE_SOURCE) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(copy == nullptr && ZwClose(source) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwDuplicateObject(NtCurrentProcess(), source, nullptr, nullptr, 0, 0,
                               DUPLICATE_CLOSE_SOURCE) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Ob: what cannot be duplicated is said to be so") {
  HANDLE const source = event_handle();
  HANDLE copy = source;
  MICA_CHECK(duplicate(source, &copy, SYNCHRONIZE, 0, 8) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(copy == nullptr);
  MICA_CHECK(duplicate(source, nullptr, SYNCHRONIZE, 0, 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwDuplicateObject(source, source, NtCurrentProcess(), &copy, 0, 0, 0) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwClose(source) == STATUS_SUCCESS);
  MICA_CHECK(duplicate(source, &copy, SYNCHRONIZE, 0, 0) == STATUS_INVALID_HANDLE);
}
