#include "ldr/loaded_image.hpp"

#include <algorithm>

namespace mica::ldr {

void LoadedImage::name_it(std::string_view name) noexcept {
  name_length_ = static_cast<std::uint8_t>(std::min(name.size(), sizeof name_));
  std::memcpy(name_, name.data(), name_length_);
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

LoadedImage const* NTAPI find_image(std::uint64_t address) noexcept {
  for (State::Slot const& slot : state().slots) {
    std::uint64_t const start = slot.start.load(std::memory_order_acquire);
    if (start != 0 && address >= start && slot.image.contains(address)) return &slot.image;
  }
  return nullptr;
}

}  // namespace mica::ldr
