// What ntoskrnl exports as data: cells of the current System, which macros name.
#include <nt/mm.h>

#include "mm/state.hpp"

PVOID* NTAPI MicaCellMmSystemRangeStart() {
  return &mica::mm::state().system_range_start;
}
