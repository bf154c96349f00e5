#include "init/test_inside.hpp"

#include "ke/thread.hpp"
#include "mm/usage.hpp"
#include "pnp/device.hpp"

namespace mica::test {

NTSTATUS NTAPI add_device(std::string_view text) noexcept {
  pnp::DeviceReader reader{text};
  pnp::Description device;
  return reader.next(device) ? pnp::add_device(device) : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI remove_device(std::string_view name) noexcept {
  return pnp::remove_device(name);
}

NTSTATUS NTAPI lose_device(std::string_view name) noexcept {
  return pnp::lose_device(name);
}

NTSTATUS NTAPI forget_children(std::string_view identifier) noexcept {
  return pnp::forget_children(identifier);
}

void NTAPI set_previous_mode(KPROCESSOR_MODE mode) noexcept {
  ke::current_thread().previous_mode = mode;
}

ULONG64 NTAPI live_blocks(ULONG tag) noexcept {
  mm::TagUsage const usage = mm::pool_usage(mm::state(), mm::PoolKind::nonpaged, tag);
  return usage.allocations - usage.frees;
}

}  // namespace mica::test
