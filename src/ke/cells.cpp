// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "ke/processor.hpp"

CCHAR* NTAPI MicaCellKeNumberProcessors() {
  return &mica::ke::state().number_of_processors;
}
