// Deadlock detection: mutants, which are taken by waits.
//   Who waits for several at once holds none of them meanwhile: there is no order between them. A
//   wait that also something else may end, its timeout or another object, is a try.
#include <bit>

#include "ke/lock_checks.hpp"
#include "ke/object_lock.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {
namespace {

bool is_mutant(PVOID object) noexcept {
  return type_of(header_of(object)) == MutantObject;
}

LockUse NTAPI use_of(PVOID mutant, void const* at) noexcept {
  return {.lock = mutant, .kind = LockKind::mutant, .at = at};
}

// Bit n: object n is a mutant. An object may be gone when the wait for it has ended.
using Mutants = std::uint64_t;
static_assert(MAXIMUM_WAIT_OBJECTS <= 64);

Mutants mutants_of(WaitRequest const& request) noexcept {
  Mutants mutants = 0;
  for (ULONG i = 0; i < request.count; ++i)
    if (is_mutant(request.objects[i])) mutants |= Mutants{1} << i;
  return mutants;
}

template <class Tell>
void for_each(Mutants mutants, WaitRequest const& request, Tell tell) noexcept {
  for (; mutants != 0; mutants &= mutants - 1) tell(request.objects[std::countr_zero(mutants)]);
}

}  // namespace

NTSTATUS NTAPI wait_for_locks(WaitRequest const& request, void const* at) noexcept {
  Mutants const mutants = mutants_of(request);
  if (request.timeout == nullptr && (request.count == 1 || request.all))
    for_each(mutants, request, [&](PVOID mutant) { before_lock(use_of(mutant, at)); });
  NTSTATUS const status = wait(request);
  bool const abandoned = status >= STATUS_ABANDONED_WAIT_0 && status <= STATUS_ABANDONED_WAIT_63;
  auto const index =
      static_cast<ULONG>(status - (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0));
  if (index >= request.count) return status;
  for_each(request.all ? mutants : mutants & Mutants{1} << index, request,
           [&](PVOID mutant) { lock_taken(use_of(mutant, at)); });
  return status;
}

}  // namespace mica::ke
