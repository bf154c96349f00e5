// A cancel-safe queue as a driver makes one: a list under a spin lock.
#pragma once

#include <nt/rtl.h>

#include "held_irp.hpp"

namespace mica::test {

struct SafeQueue {
  IO_CSQ csq;  // first
  LIST_ENTRY waiting{&waiting, &waiting};
  KSPIN_LOCK lock = 0;
  std::atomic<int> cancelled{0};
  NTSTATUS answer = STATUS_SUCCESS;  // of the Ex form's insert routine
  PVOID insert_context = nullptr;

  explicit SafeQueue(bool extended = false) noexcept {
    NTSTATUS const status =
        extended
            ? IoCsqInitializeEx(&csq, insert_ex, remove, peek, acquire, release, complete_cancelled)
            : IoCsqInitialize(&csq, insert, remove, peek, acquire, release, complete_cancelled);
    MICA_CHECK(status == STATUS_SUCCESS);
  }
  SafeQueue(SafeQueue const&) = delete;
  SafeQueue& operator=(SafeQueue const&) = delete;
  [[nodiscard]] bool is_empty() const noexcept { return waiting.Flink == &waiting; }

 private:
  static SafeQueue& of(PIO_CSQ csq) noexcept { return *reinterpret_cast<SafeQueue*>(csq); }

  static void NTAPI insert(PIO_CSQ csq, PIRP irp) {
    InsertTailList(&of(csq).waiting, &irp->Tail.Overlay.ListEntry);
  }
  static NTSTATUS NTAPI insert_ex(PIO_CSQ csq, PIRP irp, PVOID context) {
    of(csq).insert_context = context;
    if (NT_SUCCESS(of(csq).answer)) insert(csq, irp);
    return of(csq).answer;
  }
  static void NTAPI remove(PIO_CSQ, PIRP irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
  // With a context, those of that file only.
  static PIRP NTAPI peek(PIO_CSQ csq, PIRP irp, PVOID context) {
    LIST_ENTRY* const head = &of(csq).waiting;
    LIST_ENTRY* entry = irp != nullptr ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;
    for (; entry != head; entry = entry->Flink) {
      PIRP const next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
      if (context == nullptr || next->Tail.Overlay.OriginalFileObject == context) return next;
    }
    return nullptr;
  }
  static void NTAPI acquire(PIO_CSQ csq, PKIRQL irql) { KeAcquireSpinLock(&of(csq).lock, irql); }
  static void NTAPI release(PIO_CSQ csq, KIRQL irql) { KeReleaseSpinLock(&of(csq).lock, irql); }
  static void NTAPI complete_cancelled(PIO_CSQ csq, PIRP irp) {
    ++of(csq).cancelled;
    complete(irp, STATUS_CANCELLED);
  }
};

}  // namespace mica::test
