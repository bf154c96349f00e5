// References and the end of objects: ObCreateObject, ObReferenceObject, ObDereferenceObject and
// their kin.
#include "ob_support.hpp"

using namespace mica::test;

MICA_CASE("Ob: an object starts with one reference and a zeroed body") {
  ProbeType type;
  void* object = nullptr;
  MICA_REQUIRE(ObCreateObject(KernelMode, type.get(), nullptr, KernelMode, nullptr, 64, 0, 0,
                              &object) == STATUS_SUCCESS);
  auto const* const bytes = static_cast<unsigned char*>(object);
  bool zero = true;
  for (int i = 0; i < 64; ++i) zero = zero && bytes[i] == 0;
  MICA_CHECK(zero);
  MICA_CHECK(ObGetObjectType(object) == type.get());
  MICA_CHECK(reinterpret_cast<ULONG_PTR>(object) % 16 == 0);
  MICA_CHECK(ObReferenceObject(object) == 2);
  MICA_CHECK(ObDereferenceObject(object) == 1);
  MICA_CHECK(ObDereferenceObject(object) == 0);
}

MICA_CASE("Ob: the delete procedure runs once, after the last reference, at PASSIVE_LEVEL") {
  ProbeType type;
  ProbeLog log{};
  log.removed_at = HIGH_LEVEL;
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  ObReferenceObject(probe);
  ObDereferenceObject(probe);
  MICA_CHECK(log.removed == 0);
  ObDereferenceObject(probe);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
}

MICA_CASE("Ob: a last dereference at DISPATCH_LEVEL leaves the deletion to PASSIVE_LEVEL") {
  ProbeType type;
  ProbeLog log{};
  log.removed_at = HIGH_LEVEL;
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(ObDereferenceObject(probe) == 0);
  KeLowerIrql(old);
  for (int i = 0; i < 100 && log.removed == 0; ++i) sleep(millisecond_100ns);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
}

MICA_CASE("Ob: ObDereferenceObjectDeferDelete deletes later, once") {
  ProbeType type;
  ProbeLog log{};
  log.removed_at = HIGH_LEVEL;
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  ObReferenceObject(probe);
  ObDereferenceObjectDeferDelete(probe);
  MICA_CHECK(log.removed == 0);
  ObDereferenceObjectDeferDelete(probe);
  for (int i = 0; i < 100 && log.removed == 0; ++i) sleep(millisecond_100ns);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
}

MICA_CASE("Ob: one dereference too many is bugcheck REFERENCE_BY_POINTER") {
  ProbeType type;
  ProbeLog log{};
  log.drops_once_more = true;
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  Bugcheck const end = bugcheck_of([probe] { ObDereferenceObject(probe); });
  MICA_CHECK(end.happened);
  MICA_CHECK(end.code == 0x18);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(type.get()));
  MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(probe));
}

MICA_CASE("Ob: ObReferenceObjectByPointer checks the type for user mode only") {
  ProbeType type;
  Probe* const probe = type.make(nullptr);
  MICA_REQUIRE(probe != nullptr);
  POBJECT_TYPE const other = ObGetObjectType(type.get());
  MICA_CHECK(ObReferenceObjectByPointer(probe, 0, type.get(), UserMode) == STATUS_SUCCESS);
  MICA_CHECK(ObReferenceObjectByPointer(probe, 0, type.get(), KernelMode) == STATUS_SUCCESS);
  MICA_CHECK(ObReferenceObjectByPointer(probe, 0, nullptr, KernelMode) == STATUS_SUCCESS);
  MICA_CHECK(ObReferenceObjectByPointer(probe, 0, other, UserMode) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ObReferenceObjectByPointer(probe, 0, nullptr, UserMode) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ObReferenceObject(probe) == 5);
  for (int i = 0; i < 5; ++i) ObDereferenceObject(probe);
}

MICA_CASE("Ob: attributes that cannot be are refused at creation") {
  ProbeType type;
  void* object = &type;
  Attributes wrong_size{u"\\A"};
  wrong_size->Length = sizeof(OBJECT_ATTRIBUTES) - 1;
  auto const create = [&](OBJECT_ATTRIBUTES* attributes) {
    return ObCreateObject(KernelMode, type.get(), attributes, KernelMode, nullptr, 8, 0, 0,
                          &object);
  };
  MICA_CHECK(create(wrong_size) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(object == nullptr);
  Attributes wrong_bits{u"\\A", 0x80000000};
  MICA_CHECK(create(wrong_bits) == STATUS_INVALID_PARAMETER);
  Attributes odd{u"\\Ab"};
  odd->ObjectName->Length = 3;
  MICA_CHECK(create(odd) == STATUS_OBJECT_NAME_INVALID);
}
