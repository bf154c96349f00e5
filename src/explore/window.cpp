#include "explore/window.hpp"

#include <bit>

#include "explore/detector.hpp"
#include "explore/points.hpp"
#include "explore/recorder.hpp"
#include "ke/processor.hpp"

namespace mica::explore {
namespace {

// The index of the processor that stepped last among those that can step; the first when it cannot.
std::uint32_t undisturbed(Candidates const& candidates) noexcept {
  std::uint32_t const bit = 1u << candidates.current;
  if ((candidates.processors & bit) == 0) return 0;
  return static_cast<std::uint32_t>(std::popcount(candidates.processors & (bit - 1)));
}

// The next in turn: code that polls for what another processor does gets there.
std::uint32_t next_in_turn(Candidates const& candidates) noexcept {
  std::uint32_t const later = candidates.processors & ~((2u << candidates.current) - 1);
  return later == 0 ? 0 : static_cast<std::uint32_t>(std::popcount(candidates.processors & ~later));
}

}  // namespace

void Window::open() noexcept {
  open_ = true;
  first_point_ = points();
  processor_ = &ke::processor_block();
  if (detector_) detector_->open();
  Recorder::open(*this);
  inside_.opened();
}

void Window::close() noexcept {
  open_ = false;
  if (detector_) detector_->close();
  Recorder::close();
  inside_.closed();
}

void Window::mix(std::uint64_t value) noexcept {
  constexpr std::uint64_t prime = 0x100000001b3;
  fingerprint_ = (fingerprint_ ^ value ^ (points() - first_point_) << 8) * prime;
}

std::string Window::name_of(void const* address) const {
  for (Name const& known : names_)
    if (known.address == address) return std::string{" '"} + known.name + "'";
  return {};
}

std::uint32_t Window::random(std::uint32_t bound) noexcept {
  if (!open_) return 0;
  std::uint32_t const chosen = inside_.random(bound);
  mix(0x40 + chosen);
  return chosen;
}

std::uint32_t Window::choose(Choice kind, Candidates const& candidates) noexcept {
  if (!open_) {
    switch (kind) {
      case Choice::gap:
        return candidates.count - 1;
      case Choice::processor:
        return next_in_turn(candidates);
      case Choice::interrupt:
        return 1;
      case Choice::time:
      case Choice::value:
        return 0;
    }
  }
  std::uint32_t const chosen = inside_.choose(kind, candidates);
  switch (kind) {
    case Choice::gap:
    case Choice::value:
      break;
    case Choice::processor:
      ++decisions_;
      if (chosen != undisturbed(candidates)) mix(chosen);
      break;
    case Choice::interrupt:
      mix(0x20 + chosen);
      break;
    case Choice::time:
      if (chosen != 0) mix(0x30);
      break;
  }
  return chosen;
}

}  // namespace mica::explore
