// Interrupt objects.                        [MSDN KeSynchronizeExecution, "Registering an ISR"]
#include "ke/device_interrupt.hpp"

#include "ke/kernel_spin_guard.hpp"
#include "ke/lock_checks.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

InterruptChain& chain_of(std::uint8_t vector) noexcept {
  return state().interrupts[vector - Machine::first_device_vector];
}

void tell_connected(InterruptChain const& chain, std::uint8_t vector) noexcept {
  if (auto const tell = state().vector_connected; tell != nullptr)
    tell(vector, chain.first != nullptr);
}

// The chain of a vector for a scope, for who is not interrupted by it.
class [[nodiscard]] ChainGuard {
 public:
  explicit ChainGuard(std::uint8_t vector) noexcept
      : chain_{chain_of(vector)}, guard_{chain_.lock, static_cast<KIRQL>(vector >> 4)} {}

  InterruptChain* operator->() const noexcept { return &chain_; }
  InterruptChain& operator*() const noexcept { return chain_; }

 private:
  InterruptChain& chain_;
  KernelSpinGuardAtLevel guard_;
};

// The lock of an interrupt object, for the scope of a routine that is called under it.
class [[nodiscard]] InterruptGuard {
 public:
  InterruptGuard(KINTERRUPT const& interrupt, void const* routine) noexcept
      : lock_{*interrupt.lock},
        routine_{routine},
        old_{Machine::raise(interrupt.synchronize_level)} {
    acquire_for(lock_, routine_);
  }
  ~InterruptGuard() noexcept {
    release_for(lock_, routine_, old_);
    Machine::lower(old_);
  }
  InterruptGuard(InterruptGuard const&) = delete;
  InterruptGuard& operator=(InterruptGuard const&) = delete;

 private:
  KSPIN_LOCK& lock_;
  void const* const routine_;
  KIRQL const old_;
};

// Whether its device had interrupted, as its routine says.
bool NTAPI serve(KINTERRUPT& interrupt) noexcept {
  KAFFINITY const here = KAFFINITY{1} << Machine::processor_number();
  if (!interrupt.active || (interrupt.processors & here) == 0) return false;
  KIRQL const level = interrupt.synchronize_level;
  InterruptGuard guard{interrupt, reinterpret_cast<void const*>(interrupt.routine)};
  bool const claimed = trace::call(listener(), trace::Callback::interrupt_service,
                                   interrupt.routine, &interrupt, interrupt.context) != FALSE;
  if (Machine::irql() != level) [[unlikely]]
    violation(Rule::service_routine_level, reinterpret_cast<ULONG_PTR>(interrupt.routine), level,
              Machine::irql());
  return claimed;
}

// Asks each; whether one claimed.
bool NTAPI serve_all(InterruptChain const& chain) noexcept {
  bool claimed = false;
  for (KINTERRUPT* interrupt = chain.first; interrupt != nullptr; interrupt = interrupt->next)
    claimed |= serve(*interrupt);
  return claimed;
}

}  // namespace

namespace mica::ke {

// An edge that comes while others are served would be lost to a routine that has said no already:
// so latched ones are asked until all say no. Who is alone has said nothing yet.
void NTAPI device_interrupt(std::uint8_t vector) noexcept {
  at_dispatch.assert_held();
  InterruptChain& chain = chain_of(vector);
  KernelSpinGuardAtDispatch guard{chain.lock};
  InService service{static_cast<KIRQL>(vector >> 4)};
  KINTERRUPT* interrupt = chain.first;
  if (interrupt == nullptr) return;  // it was disconnected meanwhile, or its device is nobody's
  if (interrupt->mode == Latched && interrupt->next != nullptr) {
    while (serve_all(chain)) {
    }
    return;
  }
  while (interrupt != nullptr && !serve(*interrupt)) interrupt = interrupt->next;
}

bool NTAPI connect(KINTERRUPT& interrupt) noexcept {
  ChainGuard chain{interrupt.vector};
  KINTERRUPT const* const first = chain->first;
  if (first != nullptr && (!first->shared || !interrupt.shared || first->mode != interrupt.mode))
    return false;
  KINTERRUPT** place = &chain->first;
  while (*place != nullptr) place = &(*place)->next;
  interrupt.next = nullptr;
  *place = &interrupt;
  tell_connected(*chain, interrupt.vector);
  return true;
}

void NTAPI disconnect(KINTERRUPT& interrupt) noexcept {
  ChainGuard chain{interrupt.vector};
  KINTERRUPT** place = &chain->first;
  while (*place != &interrupt) place = &(*place)->next;
  *place = interrupt.next;
  tell_connected(*chain, interrupt.vector);
}

void NTAPI set_active(KINTERRUPT& interrupt, bool active) noexcept {
  ChainGuard chain{interrupt.vector};
  interrupt.active = active;
}

}  // namespace mica::ke

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt) {
  MICA_REQUIRE_IRQL_AT_MOST(Interrupt->synchronize_level, Interrupt);
  KIRQL const old = Machine::raise(Interrupt->synchronize_level);
  acquire_for(*Interrupt->lock, __builtin_return_address(0));
  return old;
}

void NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql) {
  release_for(*Interrupt->lock, __builtin_return_address(0), OldIrql);
  Machine::lower(OldIrql);
}

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext) {
  MICA_REQUIRE_IRQL_AT_MOST(Interrupt->synchronize_level, Interrupt);
  InterruptGuard guard{*Interrupt, reinterpret_cast<void const*>(SynchronizeRoutine)};
  return SynchronizeRoutine(SynchronizeContext);
}
