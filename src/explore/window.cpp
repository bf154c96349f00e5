#include "explore/window.hpp"

#include "explore/candidates.hpp"
#include "explore/detector.hpp"
#include "explore/memory.hpp"
#include "explore/points.hpp"
#include "explore/recorder.hpp"
#include "ke/processor.hpp"

namespace mica::explore {
namespace {

// The index of the processor that stepped last among those that can step; the first when it cannot.
std::uint32_t undisturbed(Candidates const& candidates) noexcept {
  return goes_on(candidates) ? index_of(candidates, candidates.current) : 0;
}

// The next in turn: code that polls for what another processor does gets there.
std::uint32_t next_in_turn(Candidates const& candidates) noexcept {
  std::uint32_t const next = index_of(candidates, candidates.current + 1);
  return next == candidates.count ? 0 : next;
}

}  // namespace

constinit thread_local Window* Window::asking_ = nullptr;

bool Window::short_of_memory() noexcept {
  return asking_ && asking_->choose(Choice::shortage, {2, 0, 0}) == 1;
}

void Window::begin(Strategy& inside) noexcept {
  inside_ = &inside;
  fingerprint_ = 0xcbf29ce484222325;
  decisions_ = switches_ = 0;
  points_ = 0;
  state_.reset();
  plain_.begin();
  if (paused_) names_.resize(names_before_);
}

void Window::end() noexcept {
  close();
  inside_ = nullptr;
}

void Window::open() noexcept {
  if (!paused_) {
    paused_ = true;
    names_before_ = names_.size();
    Machine::current().core.simulation->pause();
  }
  open_ = true;
  first_point_ = mica::explore::points();
  processor_ = &ke::processor_block();
  if (detector_) detector_->open();
  Memory::here().open(*this);
  Recorder::open(*this);
  if (shortage_) asking_ = this;
  inside_->opened();
}

void Window::close() noexcept {
  points_ = points();
  open_ = false;
  if (detector_) detector_->close();
  Memory::here().close();
  Recorder::close();
  asking_ = nullptr;
  inside_->closed();
}

void Window::call() noexcept {
  if (!open_) return;
  at_call_ = true;
  Machine::current().core.simulation->decide_next();
  Machine::point();
  at_call_ = false;
}

std::uint64_t Window::points() const noexcept {
  return open_ ? points_ + mica::explore::points() - first_point_ : points_;
}

void Window::mix(std::uint64_t value) noexcept {
  constexpr std::uint64_t prime = 0x100000001b3;
  fingerprint_ = (fingerprint_ ^ value ^ (mica::explore::points() - first_point_) << 8) * prime;
}

void Window::state(std::uint64_t value) noexcept {
  constexpr std::uint64_t prime = 0x100000001b3, basis = 0xcbf29ce484222325;
  std::uint64_t mixed = state_.value_or(basis);
  for (unsigned shift = 0; shift < 64; shift += 8)
    mixed = (mixed ^ (value >> shift & 0xFF)) * prime;
  state_ = mixed;
}

std::string Window::name_of(void const* address) const {
  for (Name const& known : names_)
    if (known.address == address) return std::string{" '"} + known.name + "'";
  return {};
}

std::uint32_t Window::random(std::uint32_t bound) noexcept {
  if (!open_) return 0;
  std::uint32_t const chosen = inside_->random(bound);
  mix(0x40 + chosen);
  return chosen;
}

bool Window::asks(Choice kind, Candidates const& candidates) const noexcept {
  if (asked_at_ == Points::all) return true;
  switch (kind) {
    case Choice::processor:
      return at_call_ || !goes_on(candidates);
    case Choice::time:
      return at_call_;
    case Choice::value:
    case Choice::shortage:
      return true;
    case Choice::gap:
    case Choice::interrupt:
    case Choice::load:
      break;
  }
  return false;
}

std::uint32_t Window::go_on(Choice kind, Candidates const& candidates) noexcept {
  at_call_ = false;
  if (kind == Choice::gap) return candidates.count - 1;
  std::uint32_t const chosen = plain_.judge(kind, candidates).plain;
  plain_.answered(kind, candidates, chosen);
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
      case Choice::load:
      case Choice::shortage:
        return 0;
    }
  }
  if (!asks(kind, candidates)) return go_on(kind, candidates);
  std::uint32_t const chosen = inside_->choose(kind, candidates);
  switch (kind) {
    case Choice::gap:
    case Choice::value:
      break;
    case Choice::processor:
      at_call_ = false;
      ++decisions_;
      if (bool const deviates = chosen != undisturbed(candidates);
          deviates || !goes_on(candidates)) {
        if (deviates) mix(chosen);
        ++switches_;
      }
      break;
    case Choice::interrupt:
      mix(0x20 + chosen);
      break;
    case Choice::time:
      if (chosen != 0) mix(0x30);
      break;
    case Choice::load:
      if (chosen != 0) mix(0x60 + chosen);
      break;
    case Choice::shortage:
      mix(0x80 + chosen);
      break;
  }
  return chosen;
}

}  // namespace mica::explore
