#include "ldr/loaded_image.hpp"

#include <algorithm>

namespace mica::ldr {

void LoadedImage::name_it(std::string_view name) noexcept {
  std::memset(name_, 0, sizeof name_);
  std::memcpy(name_, name.data(), std::min(name.size(), sizeof name_ - 1));
}

bool NTAPI add_image(LoadedImage const& image) noexcept {
  ke::SpinGuard guard{state().lock};
  for (State::Slot& slot : state().slots) {
    if (slot.start.load(std::memory_order_relaxed) != 0) continue;
    slot.image = image;
    slot.start.store(image.start(), std::memory_order_release);
    return true;
  }
  return false;
}

LoadedImage NTAPI discard_parts(void const* base) noexcept {
  ke::SpinGuard guard{state().lock};
  for (State::Slot& slot : state().slots) {
    if (slot.start.load(std::memory_order_relaxed) != ke::as_parameter(base)) continue;
    slot.image.mark_discarded();
    return slot.image;
  }
  MICA_ASSERT(false);
  return {};
}

LoadedImage NTAPI remove_image(void const* base) noexcept {
  ke::SpinGuard guard{state().lock};
  for (State::Slot& slot : state().slots) {
    if (slot.start.load(std::memory_order_relaxed) != ke::as_parameter(base)) continue;
    slot.start.store(0, std::memory_order_relaxed);
    return slot.image;
  }
  MICA_ASSERT(false);
  return {};
}

bool NTAPI image_in(unsigned slot, LoadedImage& image) noexcept {
  ke::SpinGuard guard{state().lock};
  State::Slot const& found = state().slots[slot];
  if (found.start.load(std::memory_order_relaxed) == 0) return false;
  image = found.image;
  return true;
}

LoadedImage const* NTAPI find_image(std::uint64_t address) noexcept {
  for (State::Slot const& slot : state().slots) {
    std::uint64_t const start = slot.start.load(std::memory_order_acquire);
    if (start != 0 && address >= start && slot.image.contains(address)) return &slot.image;
  }
  return nullptr;
}

bool NTAPI is_in_image(std::uint64_t address) noexcept {
  return find_image(address) != nullptr;
}

}  // namespace mica::ldr
