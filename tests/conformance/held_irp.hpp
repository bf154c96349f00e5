// IRPs for cases that are the driver who has them.
#pragma once

#include "io_support.hpp"

namespace mica::test {

// An IRP as the driver of its last location has it. It counts its completions;
// it must be complete when this ends.
class HeldIrp {
 public:
  explicit HeldIrp(PDEVICE_OBJECT device = nullptr) noexcept : irp_{IoAllocateIrp(2, FALSE)} {
    MICA_REQUIRE(irp_ != nullptr);
    KeInitializeEvent(&done_, NotificationEvent, FALSE);
    IoSetNextIrpStackLocation(irp_);
    IoSetCompletionRoutine(irp_, note, this, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp_);
    IoGetCurrentIrpStackLocation(irp_)->DeviceObject = device;
  }
  HeldIrp(HeldIrp const&) = delete;
  HeldIrp& operator=(HeldIrp const&) = delete;
  ~HeldIrp() {
    MICA_CHECK(completions_ == 1);
    IoFreeIrp(irp_);
  }
  operator PIRP() const noexcept { return irp_; }
  PIRP operator->() const noexcept { return irp_; }
  [[nodiscard]] bool is_complete() const noexcept { return completions_ != 0; }
  [[nodiscard]] bool is_pending() const noexcept {
    return (IoGetCurrentIrpStackLocation(irp_)->Control & SL_PENDING_RETURNED) != 0;
  }
  [[nodiscard]] NTSTATUS status() const noexcept { return irp_->IoStatus.Status; }
  [[nodiscard]] KEVENT* done() noexcept { return &done_; }

 private:
  static NTSTATUS NTAPI note(PDEVICE_OBJECT, PIRP, PVOID context) {
    auto& self = *static_cast<HeldIrp*>(context);
    ++self.completions_;
    KeSetEvent(&self.done_, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
  }

  PIRP irp_;
  std::atomic<int> completions_{0};
  KEVENT done_;
};

}  // namespace mica::test
