#include "hal_host/strand.hpp"

#if defined(MICA_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(MICA_TSAN)
#include <sanitizer/tsan_interface.h>

#include <mutex>
#include <vector>
#endif

namespace mica::hal_host {

#if defined(MICA_TSAN)
namespace {

// Making a TSan fiber costs up to 830 us, so they are reused. One whose functions never returned
// keeps their shadow frames, and a shadow stack has room for about 64 000: each is reused a bounded
// number of times.
constexpr unsigned reuses = 100;

struct PooledFiber {
  void* fiber;
  unsigned uses;
};

struct FiberPool {
  std::mutex mutex;
  std::vector<PooledFiber> idle;
  std::vector<PooledFiber> busy;

  void* take() {
    std::lock_guard const guard{mutex};
    PooledFiber taken{nullptr, 0};
    if (idle.empty()) {
      taken.fiber = __tsan_create_fiber(0);
    } else {
      taken = idle.back();
      idle.pop_back();
    }
    busy.push_back(taken);
    return taken.fiber;
  }

  void give(void* fiber) {
    std::lock_guard const guard{mutex};
    for (PooledFiber& entry : busy) {
      if (entry.fiber != fiber) continue;
      PooledFiber const given{entry.fiber, entry.uses + 1};
      entry = busy.back();
      busy.pop_back();
      if (given.uses < reuses)
        idle.push_back(given);
      else
        __tsan_destroy_fiber(fiber);
      return;
    }
  }
};

// Never destroyed: a System may outlive static destructors. Made by call_once, as in region.cpp.
FiberPool& fiber_pool() {
  static std::once_flag once;
  static FiberPool* pool;
  std::call_once(once, [] { pool = new FiberPool; });
  return *pool;
}

}  // namespace
#endif

void prepare_strand(Strand& strand, void* base, std::size_t bytes) noexcept {
  strand = Strand{};
  strand.bottom = base;
  strand.bytes = bytes;
#if defined(MICA_ASAN)
  __asan_unpoison_memory_region(base, bytes);
#endif
#if defined(MICA_TSAN)
  strand.tsan_fiber = fiber_pool().take();
#endif
}

void drop_strand([[maybe_unused]] Strand& strand) noexcept {
#if defined(MICA_TSAN)
  if (strand.tsan_fiber) fiber_pool().give(strand.tsan_fiber);
  strand.tsan_fiber = nullptr;
#endif
}

void adopt_strand(Strand& strand) noexcept {
  strand = Strand{};
#if defined(MICA_TSAN)
  strand.tsan_fiber = __tsan_get_current_fiber();
#endif
}

#if defined(MICA_ASAN) || defined(MICA_TSAN)
MICA_RAW void begin_jump_annotated([[maybe_unused]] Strand& from,
                                   [[maybe_unused]] Strand const& to) noexcept {
#if defined(MICA_ASAN)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.bytes);
#endif
#if defined(MICA_TSAN)
  // No synchronisation by the switch itself: what orders two threads is the executive, and it is on
  // trial.
  __tsan_switch_to_fiber(to.tsan_fiber, __tsan_switch_to_fiber_no_sync);
#endif
}

MICA_RAW void end_jump_annotated([[maybe_unused]] Strand& here,
                                 [[maybe_unused]] Strand* unknown_bounds) noexcept {
#if defined(MICA_ASAN)
  void const* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(here.fake_stack, &bottom, &bytes);
  if (unknown_bounds && !unknown_bounds->bottom) {
    unknown_bounds->bottom = bottom;
    unknown_bounds->bytes = bytes;
  }
#endif
}
#endif

}  // namespace mica::hal_host
