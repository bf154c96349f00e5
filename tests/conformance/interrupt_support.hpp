// A device that both machines have: it asks for attention by a vector, and its routine says whether
// it did.
#pragma once

#include <atomic>

#include "io_support.hpp"
#include "support.hpp"

namespace mica::test {

inline constexpr UCHAR device_vector = 0x55;
inline constexpr KIRQL device_irql = device_vector >> 4;
inline constexpr KAFFINITY any_processor = ~KAFFINITY{0};

struct Device {
  PKINTERRUPT object = nullptr;
  std::atomic<int> asks{0};    // attention not yet given
  std::atomic<int> calls{0};   // of the routine
  std::atomic<int> served{0};  // calls that gave attention
  std::atomic<int> line{0};    // where the routine found something wrong
  KIRQL level = device_irql;   // the routine's
  UCHAR vector = device_vector;
  bool level_sensitive = true;  // the line stays raised until all is served
  std::atomic<std::uint32_t>* order = nullptr;
  std::uint32_t digit = 0;
  PVOID memory = nullptr;  // the driver's

  Device() noexcept = default;
  Device(Device const&) = delete;
  Device& operator=(Device const&) = delete;
  ~Device() {
    MICA_CHECK(line == 0);
    if (object != nullptr) IoDisconnectInterrupt(object);
  }

  void ask(ULONG processor = 0) noexcept {
    ++asks;
    interrupt(processor, vector);
  }
  [[nodiscard]] bool quiet() const noexcept { return asks == 0; }

  [[nodiscard]] IO_CONNECT_INTERRUPT_PARAMETERS parameters(PDEVICE_OBJECT device) noexcept {
    IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.FullySpecified = {.PhysicalDeviceObject = device,
                                 .InterruptObject = &object,
                                 .ServiceRoutine = routine,
                                 .ServiceContext = this,
                                 .SpinLock = nullptr,
                                 .SynchronizeIrql = level,
                                 .FloatingSave = FALSE,
                                 .ShareVector = FALSE,
                                 .Vector = vector,
                                 .Irql = static_cast<KIRQL>(vector >> 4),
                                 .InterruptMode = level_sensitive ? LevelSensitive : Latched,
                                 .ProcessorEnableMask = any_processor,
                                 .Group = 0};
    return parameters;
  }
  [[nodiscard]] NTSTATUS connect(BOOLEAN share = FALSE, PKSPIN_LOCK lock = nullptr) noexcept {
    return IoConnectInterrupt(&object, routine, this, lock, vector, static_cast<KIRQL>(vector >> 4),
                              level, level_sensitive ? LevelSensitive : Latched, share,
                              any_processor, FALSE);
  }

  static BOOLEAN NTAPI routine(PKINTERRUPT interrupt, PVOID context) noexcept {
    auto& device = *static_cast<Device*>(context);
    if (interrupt != device.object) device.line = __LINE__;
    if (KeGetCurrentIrql() != device.level) device.line = __LINE__;
    ++device.calls;
    if (device.asks == 0) return FALSE;
    if (device.order != nullptr) *device.order = *device.order * 10 + device.digit;
    ++device.served;
    // A line that stays raised interrupts again.
    if (--device.asks != 0 && device.level_sensitive)
      test::interrupt(KeGetCurrentProcessorNumberEx(nullptr), device.vector);
    return TRUE;
  }
};

}  // namespace mica::test
