// A routine that is not there, imported by an image that was loaded all the same: who calls it is
// reported, with its name and its arguments, and the System stops with KMODE_EXCEPTION_NOT_HANDLED
// (STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, caller, the first two arguments).
#pragma once

#include "ldr/import_stub.hpp"

namespace mica::ldr {

extern ImportWatch const missing_import;

}  // namespace mica::ldr
