// What the explorations of M1 share: a routine that is called while memory is short.
#pragma once

#include <nt/zw.h>

#include "ke/processor.hpp"
#include "mm/usage.hpp"
#include "rig.hpp"

namespace mica::explore {

// Live blocks of both pools and free pages, none of them kept by the pool. What a thread or an
// object leaves to others to free is given time.
struct Holdings {
  std::uint64_t blocks = 0;
  std::size_t pages = 0;
  bool operator==(Holdings const&) const = default;
};

inline Holdings holdings() noexcept {
  test::sleep(3 * tick_100ns);
  mm::trim_pools();
  mm::State& state = *ke::processor_block().mm;
  Holdings held;
  for (auto const kind : {mm::PoolKind::nonpaged, mm::PoolKind::paged}) {
    mm::PoolUsage const usage = mm::pool_usage(state, kind);
    held.blocks += usage.allocations - usage.frees;
  }
  held.pages = state.pages.free_pages();
  return held;
}

// Calls a routine while memory is short. It is called before: what it keeps for the next call is no
// loss.
template <class Request>
void ask(Window& window, Request request) noexcept {
  MICA_CHECK(request() == STATUS_SUCCESS);
  Holdings const before = holdings();
  window.open();
  NTSTATUS const status = request();
  window.close();
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES ||
             status == STATUS_NO_MEMORY);
  MICA_CHECK(holdings() == before);
}

inline NTSTATUS close(NTSTATUS status, HANDLE const& handle) noexcept {
  if (status == STATUS_SUCCESS) MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  return status;
}

}  // namespace mica::explore
