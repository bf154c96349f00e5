// The ranks of locks, lowest first: a processor takes them in this order. docs/lock-order.md says
// why each stands where it does. Debug builds check every acquisition.
#pragma once

#include <nt/ntdef.h>

#include <cstdint>

namespace mica::ke {

enum class Rank : std::uint8_t {
  io_cancel,
  io_vpb,
  io_timer,
  io_device,
  dma,
  pnp,
  ex_work,
  ex_callback,
  cm_callback,
  ob_callback,
  ob_directory,
  ob_handle_table,
  ob_deferred,
  ps_clients,
  ex_lookaside,
  loaded_images,
  pool_owners,
  pool,
  pool_large,
  pool_tags,
  special_pool,
  system_space,
  stacks,
  pages,
  process,
  suspend,
  object,  // dispatcher objects; several are taken in the order of their addresses
  thread,
  ready,
  system_time,
  timer,
  apc,          // a leaf
  dpc,          // taken at HIGH_LEVEL
  lock_checks,  // taken at HIGH_LEVEL
  bugcheck,     // taken at HIGH_LEVEL
};
inline constexpr Rank highest_rank = Rank::bugcheck;

// Several locks of these ranks may be held at once, in an order of their own.
[[nodiscard]] constexpr bool may_repeat(Rank rank) noexcept {
  return rank == Rank::object;
}

#ifdef NDEBUG
inline void rank_acquired(Rank) noexcept {}
inline void rank_released(Rank) noexcept {}
#else
void NTAPI rank_acquired(Rank rank) noexcept;
void NTAPI rank_released(Rank rank) noexcept;
#endif

}  // namespace mica::ke
