// Tells the Trace of a System what its drivers import and call.
#pragma once

#include "ldr/import_stub.hpp"

namespace mica::harness {

// Of a System whose listener is a Trace's Recorder.
extern ldr::ImportWatch const recording_watch;

}  // namespace mica::harness
