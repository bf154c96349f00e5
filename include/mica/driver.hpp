// A Windows driver that was loaded into a System.
#pragma once

#include <mica/system.hpp>

namespace mica {

// Names the System that loaded it, and is of no use after that one's reset, move or end.
class Driver {
 public:
  // The NTSTATUS that DriverEntry returned; or why it was not called. Then refusal() says that in
  // words: what is wrong with the image, and where. Of imports that are not there System::log names
  // each.
  [[nodiscard]] std::int32_t entry_status() const noexcept { return entry_status_; }
  [[nodiscard]] std::string const& refusal() const noexcept { return refusal_; }
  // Its DRIVER_OBJECT until unload(); null if DriverEntry did not succeed.
  [[nodiscard]] void* object() const noexcept { return object_; }

  // Has DriverUnload called: now, or when no file is open on its devices any more. An NTSTATUS:
  // STATUS_INVALID_DEVICE_REQUEST, and nothing happens, if it has no such routine or is not there.
  std::int32_t unload();

 private:
  friend class System;
  explicit Driver(System& system) noexcept : system_{&system} {}

  System* system_;
  void* object_ = nullptr;
  std::int32_t entry_status_ = 0;
  std::string refusal_;
};

}  // namespace mica
