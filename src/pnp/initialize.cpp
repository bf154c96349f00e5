#include "base/list.hpp"
#include "pnp/action.hpp"
#include "pnp/bus.hpp"

namespace mica::pnp {

NTSTATUS NTAPI initialize() noexcept {
  State& pnp = state();
  {
    ke::SpinGuard guard{pnp.lock};
    list_initialize(pnp.nodes);
    list_initialize(pnp.actions);
    list_initialize(pnp.registrations);
  }
  list_initialize(pnp.kinds);
  list_initialize(pnp.interfaces);
  ExInitializeWorkItem(&pnp.worker, act, nullptr);
  WCHAR text[] = u"\\Driver\\PnpManager";
  UNICODE_STRING name{sizeof text - sizeof(WCHAR), sizeof text, text};
  return IoCreateDriver(&name, enter_bus);
}

}  // namespace mica::pnp
