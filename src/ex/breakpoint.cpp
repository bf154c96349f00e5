// Breakpoints that drivers have in their code.                               [MSDN DbgBreakPoint]
#include <nt/rtl/debug.h>

#include "ex/state.hpp"
#include "ke/bugcheck.hpp"

using namespace mica;

VOID NTAPI DbgBreakPoint() {
  if (!ex::state().passes_breakpoints)
    ke::raise_status(STATUS_BREAKPOINT, __builtin_return_address(0));
  static_cast<void>(DbgPrint("Break instruction exception\n"));
}
