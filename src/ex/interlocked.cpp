// Lists and numbers under a spin lock that interrupt handlers take too.
//                                     [MSDN ExInterlockedInsertHeadList, ExInterlockedAddUlong]
#include <nt/ex.h>

#include <utility>

#include "base/list.hpp"
#include "ke/irql.hpp"

using namespace mica;

namespace {

// Nothing interrupts who holds the lock.
class [[nodiscard]] Masked {
 public:
  explicit Masked(PKSPIN_LOCK lock) noexcept : lock_{lock} { KeAcquireSpinLockAtDpcLevel(lock_); }
  ~Masked() { KeReleaseSpinLockFromDpcLevel(lock_); }
  Masked(Masked const&) = delete;
  Masked& operator=(Masked const&) = delete;

 private:
  ke::RaiseToHigh raised_;
  PKSPIN_LOCK const lock_;
};

[[nodiscard]] PLIST_ENTRY unless_head(PLIST_ENTRY entry, PLIST_ENTRY head) noexcept {
  return entry == head ? nullptr : entry;
}

}  // namespace

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  PLIST_ENTRY const before = ListHead->Flink;
  list_prepend(*ListHead, *ListEntry);
  return unless_head(before, ListHead);
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  PLIST_ENTRY const before = ListHead->Blink;
  list_append(*ListHead, *ListEntry);
  return unless_head(before, ListHead);
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  return list_pop_front(*ListHead);
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry,
                                                    PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  ListEntry->Next = ListHead->Next;
  return std::exchange(ListHead->Next, ListEntry);
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  PSINGLE_LIST_ENTRY const first = ListHead->Next;
  if (first != nullptr) ListHead->Next = first->Next;
  return first;
}

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  return std::exchange(*Addend, *Addend + Increment);
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock) {
  Masked const masked{Lock};
  LARGE_INTEGER const before = *Addend;
  // Unsigned: the sum may wrap.
  Addend->QuadPart = static_cast<LONGLONG>(static_cast<ULONGLONG>(before.QuadPart) +
                                           static_cast<ULONGLONG>(Increment.QuadPart));
  return before;
}
