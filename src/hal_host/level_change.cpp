#if defined(__x86_64__)
#include "hal_host/level_change.hpp"

#include "hal/extended_state.hpp"
#include "hal_host/level_change.h"
#include "hal_host/patch_area.hpp"
#include "hal_host/simulation.hpp"

using namespace mica;

namespace {

using Processor = Machine::Processor;
using hal_host::Core;

static_assert(offsetof(Processor, core) + offsetof(Core, countdown) == MICA_PROCESSOR_COUNTDOWN);
static_assert(offsetof(Processor, core) + offsetof(Core, pending) == MICA_PROCESSOR_PENDING);
static_assert(offsetof(Processor, core) + offsetof(Core, level) == MICA_PROCESSOR_LEVEL);
static_assert(sizeof(hal_host::Patch) == MICA_PATCH_BYTES &&
              alignof(hal_host::Patch) == MICA_PATCH_BYTES);
static_assert(offsetof(hal_host::Patch, next) == MICA_PATCH_NEXT);

}  // namespace

extern "C" void mica_set_level(KIRQL level);

// Lowering runs what waited for that, on this thread and others.
MICA_KEEPS_REGISTERS void mica_set_level(KIRQL level) {
  alignas(hal::extended_alignment) std::byte area[hal::largest_extended_area];
  for (std::size_t i = 0; i < hal::extended_header_bytes; i += sizeof(std::uint64_t))
    *reinterpret_cast<std::uint64_t volatile*>(area + hal::legacy_area_bytes + i) = 0;
  std::uint64_t const features = Machine::extended_features();
  Machine::save_extended(area, features);
  if (level > Machine::irql())
    static_cast<void>(Machine::raise(level));
  else
    Machine::lower(level);
  Machine::restore_extended(area, features);
}

#endif
