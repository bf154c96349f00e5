// What callers of resources and push locks must keep to.
#pragma once

#include "ke/apc_disable.hpp"
#include "ke/verifier.hpp"

namespace mica::ex {

// A lock that is waited for: at APC_LEVEL or below, where no normal kernel APC comes.
inline void NTAPI require_acquirable(void const* lock, ke::Rule where_apcs_come) noexcept {
  KIRQL const level = Machine::irql();
  ke::Thread& thread = ke::current_thread();
  if (level > APC_LEVEL) [[unlikely]]
    ke::bugcheck(KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, ke::as_parameter(&thread),
                 ke::as_parameter(lock), level);
  if (!ke::normal_apcs_held_off()) [[unlikely]]
    ke::violation(where_apcs_come, level, ke::apc_disable_count(thread), ke::as_parameter(lock));
}

inline void NTAPI require_no_apcs(void const* lock, ke::Rule where_apcs_come) noexcept {
  if (!ke::normal_apcs_held_off()) [[unlikely]]
    ke::violation(where_apcs_come, Machine::irql(), ke::apc_disable_count(ke::current_thread()),
                  ke::as_parameter(lock));
}

}  // namespace mica::ex
