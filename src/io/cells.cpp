// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "io/state.hpp"

using namespace mica;

POBJECT_TYPE* NTAPI MicaCellIoDeviceObjectType() {
  return &io::state().device_type;
}

POBJECT_TYPE* NTAPI MicaCellIoDriverObjectType() {
  return &io::state().driver_type;
}

POBJECT_TYPE* NTAPI MicaCellIoFileObjectType() {
  return &io::state().file_type;
}
