// What drivers import from this executive, by name: the routines and cells of ntoskrnl.exe and
// hal.dll that are there. A name that is not in it is not there: nothing stands in for it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mica::abi {

enum class ExportKind : std::uint8_t {
  routine,
  cell,  // its symbol is a routine without parameters that says where the current System has it
};

struct Export {
  std::string_view name;
  void const* symbol;
  ExportKind kind;
};

// In the order of their names.
[[nodiscard]] std::span<Export const> exports() noexcept;

// The modules that there are.
inline constexpr std::string_view kernel_module = "ntoskrnl.exe";
inline constexpr std::string_view hal_module = "hal.dll";

// Whether it is one of the modules whose exports these are, in whatever case.
[[nodiscard]] bool is_executive(std::string_view module) noexcept;

// Of one of these modules: whether it exports that too.
[[nodiscard]] bool exports_of(std::string_view module, Export const& one) noexcept;

// Null: no such module exports that, or it is not there.
[[nodiscard]] Export const* find_export(std::string_view module, std::string_view name) noexcept;

}  // namespace mica::abi
