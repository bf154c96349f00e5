#include "explore/threads.hpp"

namespace mica::explore {
namespace {

void wait_for(void* object) noexcept {
  static_cast<void>(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr));
}

}  // namespace

Team::Team(Window& window) noexcept : window_{window} {
  KeInitializeEvent(&gate_, NotificationEvent, FALSE);
  KeInitializeSemaphore(&done_, 0, 2 * most);
  window_.name(&gate_, "gate");
  window_.name(&done_, "done");
}

Team::~Team() {
  for (int i = 0; i < count_; ++i) test::join(seats_[i].thread);
}

void Team::enter(void* argument) noexcept {
  auto& seat = *static_cast<Seat*>(argument);
  Team& team = *seat.team;
  ++team.gathered_;
  wait_for(&team.gate_);
  seat.body(seat.argument);
  if (seat.finisher) KeReleaseSemaphore(&team.done_, 0, 1, FALSE);
}

void NTAPI Team::perform(PKDPC, PVOID argument, PVOID, PVOID) noexcept {
  auto& errand = *static_cast<Errand*>(argument);
  errand.body(errand.argument);
  KeReleaseSemaphore(&errand.team->done_, 0, 1, FALSE);
}

void Team::add(void (*body)(void*), void* argument, Member member) noexcept {
  Seat& seat = seats_[count_++];
  seat = {this, body, argument, member.finisher, nullptr};
  seat.thread =
      test::start(enter, &seat, {.processor = member.processor, .priority = member.priority});
}

void Team::add_dpc(void (*body)(void*), void* argument, int processor) noexcept {
  Errand& errand = errands_[dpcs_++];
  errand = {this, body, argument, {}};
  KeInitializeDpc(&errand.dpc, perform, &errand);
  KeSetTargetProcessorDpc(&errand.dpc, static_cast<CCHAR>(processor));
}

void Team::run() noexcept {
  while (gathered_ != count_) test::sleep(test::millisecond_100ns);
  test::sleep(test::millisecond_100ns);
  window_.open();
  KeSetEvent(&gate_, 0, FALSE);
  for (int i = 0; i < dpcs_; ++i) KeInsertQueueDpc(&errands_[i].dpc, nullptr, nullptr);
  for (int i = 0; i < dpcs_; ++i) wait_for(&done_);
  for (int i = 0; i < count_; ++i)
    if (seats_[i].finisher) wait_for(&done_);
  window_.close();
  test::sleep(10 * test::millisecond_100ns);
}

}  // namespace mica::explore
