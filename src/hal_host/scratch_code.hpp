// A place for code that is executed once: written through one mapping, executed through another.
//   Of the calling OS thread, which uses it between two scheduling points.
#pragma once

#include <cstddef>
#include <span>

namespace mica::hal_host {

class ScratchCode {
 public:
  static constexpr std::size_t bytes = 64;

  // That of this OS thread.
  [[nodiscard]] static ScratchCode& own() noexcept;

  ~ScratchCode();
  ScratchCode(ScratchCode const&) = delete;
  ScratchCode& operator=(ScratchCode const&) = delete;

  // Empty: there is no memory for it.
  [[nodiscard]] std::span<unsigned char> room() const noexcept;
  [[nodiscard]] void const* code() const noexcept { return executed_; }

 private:
  ScratchCode() noexcept;

  void* written_;
  void* executed_;
};

}  // namespace mica::hal_host
