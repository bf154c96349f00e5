// The seam's memory group.
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "hal_host/simulation.hpp"

namespace mica {

using namespace hal_host;

namespace {

Region& region() noexcept {
  return Machine::current().core.simulation->region();
}

// The host program's own memory: Linux says whether it is there, without a signal.
bool copy_by_host(void* to, void const* from, std::size_t bytes) noexcept {
  iovec const local{to, bytes};
  iovec const remote{const_cast<void*>(from), bytes};
  return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

// What may be poisoned for a sanitizer is still there for the kernel.
void copy_raw(void* to, void const* from, std::size_t bytes) noexcept {
#if defined(__x86_64__)
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
#else
  std::memcpy(to, from, bytes);
#endif
}

}  // namespace

std::span<hal::PageRange const> NTAPI Machine::physical_memory() noexcept {
  return {&region().pages(), 1};
}

hal::VirtualRange NTAPI Machine::system_space() noexcept {
  return {region().system(), region().system_bytes()};
}

bool NTAPI Machine::map(void* address, PageNumber page, hal::Protection protection) noexcept {
  point();
  order_map(address);
  Bus const* const bus = current().core.simulation->bus();
  if (bus == nullptr || !bus->has_page(page)) return region().map(address, page, protection);
  region().map_device(address, page, protection);
  return true;
}

void NTAPI Machine::unmap(void* address) noexcept {
  point();
  region().unmap(address);
}

void NTAPI Machine::protect(void* address, hal::Protection protection) noexcept {
  point();
  region().protect(address, protection);
}

// Linux changes a mapping for all threads at once: nothing is left to do.
void NTAPI Machine::flush(void*, std::size_t) noexcept {
  point();
}

bool NTAPI Machine::copy_guarded(void* to, void const* from, std::size_t bytes) noexcept {
  point();
  Region const& here = region();
  bool const to_kernel = here.contains(to), from_kernel = here.contains(from);
  if (to_kernel && !here.allows(to, bytes, true)) return false;
  if (from_kernel && !here.allows(from, bytes, false)) return false;
  if (to_kernel) order_write(to, bytes);
  if (to_kernel && from_kernel) {
    copy_raw(to, from, bytes);
    return true;
  }
  return copy_by_host(to, from, bytes);
}

}  // namespace mica
