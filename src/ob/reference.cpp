// Counting references, and what happens at the last one.
#include <machine.hpp>

#include "ke/bugcheck.hpp"
#include "ob/state.hpp"

namespace mica::ob {
namespace {

[[noreturn]] void NTAPI illegal_count(Header& header, LONG64 count) noexcept {
  ke::bugcheck(REFERENCE_BY_POINTER, reinterpret_cast<ULONG_PTR>(header.type),
               reinterpret_cast<ULONG_PTR>(header.body()), 0, static_cast<ULONG_PTR>(count));
}

void NTAPI destroy(Header& header) noexcept {
  ULONG const tag = header.type->tag;
  if (auto* const remove = header.type->procedures.remove; remove != nullptr) remove(header.body());
  if (header.name != nullptr) ExFreePoolWithTag(header.name, tag_name);
  ExFreePoolWithTag(&header, tag);
}

void NTAPI defer(Header& header) noexcept {
  State& ob = state();
  Header* head = ob.to_delete.load(std::memory_order_relaxed);
  do {
    header.next_to_delete = head;
  } while (!ob.to_delete.compare_exchange_weak(head, &header, std::memory_order_release,
                                               std::memory_order_relaxed));
  // Whoever finds the list empty wakes; later ones ride along, because reap() takes the list whole.
  if (head == nullptr && ob.hooks.wake_reaper != nullptr) ob.hooks.wake_reaper();
}

// Returns the count that is left; at 0 the caller has to end the object.
LONG64 drop(Header& header, LONG64 count) noexcept {
  LONG64 const left = header.references.fetch_sub(count, std::memory_order_acq_rel) - count;
  if (left < 0) illegal_count(header, left);
  return left;
}

LONG64 NTAPI drop_and_end(Header& header, LONG64 count) noexcept {
  LONG64 const left = drop(header, count);
  if (left == 0) {
    if (Machine::irql() == PASSIVE_LEVEL) {
      destroy(header);
    } else {
      defer(header);
    }
  }
  return left;
}

}  // namespace

void NTAPI dereference(Header& header, LONG64 count) noexcept {
  drop_and_end(header, count);
}

void NTAPI reap() noexcept {
  State& ob = state();
  while (Header* header = ob.to_delete.exchange(nullptr, std::memory_order_acquire)) {
    do {
      Header* const next = header->next_to_delete;
      destroy(*header);
      header = next;
    } while (header != nullptr);
  }
}

}  // namespace mica::ob

using namespace mica::ob;

LONG_PTR NTAPI ObfReferenceObject(PVOID Object) {
  Header& header = header_of(Object);
  LONG64 const before = header.references.fetch_add(1, std::memory_order_relaxed);
  if (before <= 0) illegal_count(header, before + 1);
  return before + 1;
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object) {
  return drop_and_end(header_of(Object), 1);
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object) {
  Header& header = header_of(Object);
  if (drop(header, 1) == 0) defer(header);
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode) {
  Header& header = header_of(Object);
  bool const checked = AccessMode != KernelMode || ObjectType == state().link_type;
  if (checked && header.type != ObjectType) return STATUS_OBJECT_TYPE_MISMATCH;
  if (ObjectType != nullptr && ObjectType == state().link_type) return STATUS_OBJECT_TYPE_MISMATCH;
  reference(header);
  return STATUS_SUCCESS;
}

POBJECT_TYPE NTAPI ObGetObjectType(PVOID Object) {
  return header_of(Object).type;
}
