// Bytes that firmware or a boot loader wrote: nothing in them is trusted, nothing is aligned.
//   A view of `bytes` bytes at `base`, which stands for physical address 0 upward. No machine
//   access: host tests use it too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace mica::hal_x64 {

class FirmwareView {
 public:
  FirmwareView(std::byte const* base, std::uint64_t bytes) noexcept
      : base_{reinterpret_cast<std::uintptr_t>(base)}, bytes_{bytes} {}

  [[nodiscard]] constexpr bool contains(std::uint64_t address, std::uint64_t bytes) const noexcept {
    return address <= bytes_ && bytes <= bytes_ - address;
  }

  // The value at `address`, wherever it is; zero outside of the view.
  template <class Value>
  requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] Value read(std::uint64_t address) const noexcept {
    Value value{};
    if (contains(address, sizeof value)) std::memcpy(&value, at(address), sizeof value);
    return value;
  }

  [[nodiscard]] bool matches(std::uint64_t address, char const* text,
                             std::size_t bytes) const noexcept {
    return contains(address, bytes) && std::memcmp(at(address), text, bytes) == 0;
  }

  // Whether the bytes are inside and add up to zero, as ACPI's tables do.
  [[nodiscard]] bool sums_to_zero(std::uint64_t address, std::uint64_t bytes) const noexcept {
    if (!contains(address, bytes)) return false;
    unsigned sum = 0;
    for (std::uint64_t i = 0; i < bytes; ++i) sum += std::to_integer<unsigned>(*at(address + i));
    return (sum & 0xff) == 0;
  }

 private:
  // By number: on the machine the base is null, and arithmetic on that is undefined.
  [[nodiscard]] std::byte const* at(std::uint64_t address) const noexcept {
    return reinterpret_cast<std::byte const*>(base_ + address);
  }

  std::uintptr_t base_;
  std::uint64_t bytes_;
};

}  // namespace mica::hal_x64
