// Handles: ObInsertObject, ObOpenObjectByPointer, ObReferenceObjectByHandle, ZwClose.
#include "ob_support.hpp"

#include <atomic>

#include "ob/handle.hpp"

using namespace mica::test;

namespace {

// A probe that only a handle holds.
HANDLE open_probe(ProbeType const& type, ProbeLog* log, ACCESS_MASK access, ULONG attributes) {
  OBJECT_ATTRIBUTES unnamed;
  InitializeObjectAttributes(&unnamed, nullptr, attributes, nullptr, nullptr);
  Probe* const probe = type.make(log, &unnamed);
  MICA_REQUIRE(probe != nullptr);
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObInsertObject(probe, nullptr, access, 0, nullptr, &handle) == STATUS_SUCCESS);
  return handle;
}

ULONG_PTR value(HANDLE handle) {
  return reinterpret_cast<ULONG_PTR>(handle);
}

}  // namespace

MICA_CASE("Ob: a handle is a multiple of 4 and holds its object") {
  ProbeType type;
  ProbeLog log{};
  HANDLE const handle = open_probe(type, &log, 1, 0);
  MICA_CHECK(handle != nullptr);
  MICA_CHECK(value(handle) % 4 == 0);
  MICA_CHECK(value(handle) < 0x80000000);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 1, type.get(), KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  MICA_CHECK(static_cast<Probe*>(object)->log == &log);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(log.closed == 1);
  MICA_CHECK(log.handles_at_close == 1);
  MICA_CHECK(log.removed == 0);
  ObDereferenceObject(object);
  MICA_CHECK(log.removed == 1);
}

MICA_CASE("Ob: closing the only handle deletes the object, however often it was referenced") {
  ProbeType type;
  ProbeLog log{};
  HANDLE const handle = open_probe(type, &log, 1, 0);
  for (int i = 0; i < 5000; ++i) {  // more than a table entry holds in advance
    void* object = nullptr;
    MICA_REQUIRE(ObReferenceObjectByHandle(handle, 1, nullptr, KernelMode, &object, nullptr) ==
                 STATUS_SUCCESS);
    ObDereferenceObject(object);
  }
  MICA_CHECK(log.removed == 0);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(log.removed == 1);
}

MICA_CASE("Ob: a closed handle does not resolve again") {
  ProbeType type;
  HANDLE const closed = open_probe(type, nullptr, 1, 0);
  MICA_CHECK(ZwClose(closed) == STATUS_SUCCESS);
  void* object = &type;
  MICA_CHECK(ObReferenceObjectByHandle(closed, 0, nullptr, KernelMode, &object, nullptr) ==
             STATUS_INVALID_HANDLE);
  MICA_CHECK(object == nullptr);
  MICA_CHECK(ZwClose(closed) == STATUS_INVALID_HANDLE);
  bool seen_again = false;
  for (int i = 0; i < 1000; ++i) {
    HANDLE const other = open_probe(type, nullptr, 1, 0);
    seen_again = seen_again || other == closed;
    MICA_REQUIRE(ZwClose(other) == STATUS_SUCCESS);
  }
  MICA_CHECK(!seen_again);
}

MICA_CASE("Ob: the low two bits of a handle are the caller's") {
  ProbeType type;
  HANDLE const handle = open_probe(type, nullptr, 1, 0);
  void* object = nullptr;
  auto const tagged = reinterpret_cast<HANDLE>(value(handle) | 3);
  MICA_CHECK(ObReferenceObjectByHandle(tagged, 0, nullptr, KernelMode, &object, nullptr) ==
             STATUS_SUCCESS);
  if (object != nullptr) ObDereferenceObject(object);
  MICA_CHECK(ZwClose(tagged) == STATUS_SUCCESS);
}

MICA_CASE("Ob: values that are no handles are STATUS_INVALID_HANDLE") {
  constexpr ULONG_PTR values[] = {0, 3, 0x7FFFFFFC, 0x80000000, 0x100000004, 0xFFFFFFFF00000004};
  for (ULONG_PTR const bad : values) {
    void* object = nullptr;
    auto const handle = reinterpret_cast<HANDLE>(bad);
    MICA_CHECK(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, nullptr) ==
               STATUS_INVALID_HANDLE);
    MICA_CHECK(ZwClose(handle) == STATUS_INVALID_HANDLE);
  }
}

MICA_CASE("Ob: ObReferenceObjectByHandle checks the type, and for user mode the access") {
  ProbeType type;
  HANDLE const handle = open_probe(type, nullptr, 1, 0);
  void* object = nullptr;
  POBJECT_TYPE const other = ObGetObjectType(type.get());
  MICA_CHECK(ObReferenceObjectByHandle(handle, 0, other, KernelMode, &object, nullptr) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(object == nullptr);
  MICA_CHECK(ObReferenceObjectByHandle(handle, 3, type.get(), UserMode, &object, nullptr) ==
             STATUS_ACCESS_DENIED);
  MICA_CHECK(object == nullptr);
  OBJECT_HANDLE_INFORMATION information{};
  MICA_CHECK(ObReferenceObjectByHandle(handle, 1, type.get(), UserMode, &object, &information) ==
             STATUS_SUCCESS);
  MICA_CHECK(information.GrantedAccess == 1);
  MICA_CHECK(information.HandleAttributes == 0);
  ObDereferenceObject(object);
  MICA_CHECK(ObReferenceObjectByHandle(handle, 3, type.get(), KernelMode, &object, nullptr) ==
             STATUS_SUCCESS);
  ObDereferenceObject(object);
  ZwClose(handle);
}

MICA_CASE("Ob: generic rights become the type's own") {
  ProbeType type;
  struct {
    ACCESS_MASK asked, granted;
  } constexpr rights[] = {
      {GENERIC_READ, STANDARD_RIGHTS_READ | 1},        {GENERIC_WRITE, STANDARD_RIGHTS_WRITE | 2},
      {GENERIC_EXECUTE, STANDARD_RIGHTS_EXECUTE | 4},  {GENERIC_ALL, STANDARD_RIGHTS_REQUIRED | 7},
      {MAXIMUM_ALLOWED, STANDARD_RIGHTS_REQUIRED | 7}, {2 | DELETE, 2 | DELETE}};
  for (auto const& right : rights) {
    HANDLE const handle = open_probe(type, nullptr, right.asked, 0);
    void* object = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, &information) ==
                 STATUS_SUCCESS);
    MICA_CHECK(information.GrantedAccess == right.granted);
    ObDereferenceObject(object);
    ZwClose(handle);
  }
}

MICA_CASE("Ob: kernel handles have the kernel's form and no user may use them") {
  ProbeType type;
  HANDLE const handle = open_probe(type, nullptr, 1, OBJ_KERNEL_HANDLE);
  MICA_CHECK(value(handle) >> 31 == 0x1FFFFFFFF);
  MICA_CHECK(ObIsKernelHandle(handle));
  MICA_CHECK(!ObIsKernelHandle(reinterpret_cast<HANDLE>(4)));
  MICA_CHECK(!ObIsKernelHandle(NtCurrentProcess()));
  void* object = nullptr;
  MICA_CHECK(ObReferenceObjectByHandle(handle, 1, type.get(), UserMode, &object, nullptr) ==
             STATUS_INVALID_HANDLE);
  MICA_CHECK(ObCloseHandle(handle, UserMode) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ObReferenceObjectByHandle(handle, 1, type.get(), KernelMode, &object, nullptr) ==
             STATUS_SUCCESS);
  ObDereferenceObject(object);
  MICA_CHECK(ObCloseHandle(handle, KernelMode) == STATUS_SUCCESS);
}

MICA_CASE("Ob: the kernel closing a bad kernel handle is bugcheck INVALID_KERNEL_HANDLE") {
  ProbeType type;
  HANDLE const handle = open_probe(type, nullptr, 1, OBJ_KERNEL_HANDLE);
  MICA_REQUIRE(ZwClose(handle) == STATUS_SUCCESS);
  Bugcheck const end = bugcheck_of([handle] { ZwClose(handle); });
  MICA_CHECK(end.happened);
  MICA_CHECK(end.code == 0x93);
  MICA_CHECK(end.parameters[0] == value(handle));
  MICA_CHECK(end.parameters[1] == 1);
}

MICA_CASE("Ob: a handle that is protected from closing stays open") {
  ProbeType type;
  HANDLE const handle = open_probe(type, nullptr, 1, OBJ_INHERIT);
  MICA_REQUIRE(mica::ob::set_handle_attributes(handle, OBJ_PROTECT_CLOSE) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_HANDLE_NOT_CLOSABLE);
  void* object = nullptr;
  OBJECT_HANDLE_INFORMATION information{};
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, &information) ==
               STATUS_SUCCESS);
  MICA_CHECK(information.HandleAttributes == OBJ_PROTECT_CLOSE);
  ObDereferenceObject(object);
  MICA_REQUIRE(mica::ob::set_handle_attributes(handle, OBJ_INHERIT) == STATUS_SUCCESS);
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, &information) ==
               STATUS_SUCCESS);
  MICA_CHECK(information.HandleAttributes == OBJ_INHERIT);
  ObDereferenceObject(object);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

MICA_CASE("Ob: ObOpenObjectByPointer makes further handles, each closed for itself") {
  ProbeType type;
  ProbeLog log{};
  HANDLE const first = open_probe(type, &log, 1, 0);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(first, 0, nullptr, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  HANDLE second = nullptr;
  MICA_CHECK(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, nullptr, GENERIC_READ, type.get(),
                                   KernelMode, &second) == STATUS_SUCCESS);
  MICA_CHECK(second != first);
  POBJECT_TYPE const other = ObGetObjectType(type.get());
  HANDLE none = first;
  MICA_CHECK(ObOpenObjectByPointer(object, 0, nullptr, 1, other, UserMode, &none) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(none == nullptr);
  ObDereferenceObject(object);
  MICA_CHECK(ZwClose(first) == STATUS_SUCCESS);
  MICA_CHECK(log.handles_at_close == 2);
  MICA_CHECK(log.removed == 0);
  MICA_CHECK(ZwClose(second) == STATUS_SUCCESS);
  MICA_CHECK(log.handles_at_close == 1);
  MICA_CHECK(log.removed == 1);
}

MICA_CASE("Ob: ObInsertObject gives the caller the pointers it asked for") {
  ProbeType type;
  ProbeLog log{};
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  HANDLE handle = nullptr;
  void* same = nullptr;
  MICA_REQUIRE(ObInsertObject(probe, nullptr, 1, 1, &same, &handle) == STATUS_SUCCESS);
  MICA_CHECK(same == probe);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(log.removed == 0);
  ObDereferenceObject(probe);
  MICA_CHECK(log.removed == 0);
  ObDereferenceObject(probe);
  MICA_CHECK(log.removed == 1);
}

MICA_CASE("Ob: handles opened and closed on all processors stay apart") {
  ProbeType type;
  struct Shared {
    ProbeType* type;
    std::atomic<int> bad;
  } shared{&type, 0};
  auto body = [&shared] {
    for (int i = 0; i < 50; ++i) {
      ProbeLog log{};
      HANDLE const handle = open_probe(*shared.type, &log, 1, 0);
      void* object = nullptr;
      NTSTATUS const status =
          ObReferenceObjectByHandle(handle, 1, shared.type->get(), UserMode, &object, nullptr);
      bool good = status == STATUS_SUCCESS && static_cast<Probe*>(object)->log == &log;
      if (object != nullptr) ObDereferenceObject(object);
      good = ZwClose(handle) == STATUS_SUCCESS && log.removed == 1 && good;
      if (!good) ++shared.bad;
    }
  };
  Thread* threads[4] = {};
  for (int i = 0; i < 4; ++i) threads[i] = start(body, {.processor = i});
  for (Thread* const thread : threads) join(thread);
  MICA_CHECK(shared.bad == 0);
}
