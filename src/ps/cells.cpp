// What ntoskrnl exports as data: cells of the current System, which macros name.
#include <nt/ps.h>

#include "ps/state.hpp"

using namespace mica;

PEPROCESS* NTAPI MicaCellPsInitialSystemProcess() {
  return &ps::state().initial_system_process;
}

POBJECT_TYPE* NTAPI MicaCellPsProcessType() {
  return &ps::state().process_type;
}

POBJECT_TYPE* NTAPI MicaCellPsThreadType() {
  return &ps::state().thread_type;
}
