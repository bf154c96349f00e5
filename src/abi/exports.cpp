#include "abi/exports.hpp"

#include <algorithm>
#include <iterator>

#include "base/letters.hpp"

// Each symbol by the name that the linker knows it by: the table needs no declaration of it, and a
// name without a routine does not link.
#define MICA_ROUTINE(name) extern "C" char const mica_symbol_##name[] __asm__(#name);
#define MICA_CELL(name) extern "C" char const mica_symbol_##name[] __asm__("MicaCell" #name);
#define MICA_RUNTIME(name) extern "C" char const mica_symbol_##name[] __asm__("MicaRuntime_" #name);
#include "abi/exports.inc"
#undef MICA_ROUTINE
#undef MICA_RUNTIME
#undef MICA_CELL

namespace mica::abi {
namespace {

constexpr Export table[] = {
#define MICA_ROUTINE(name) {#name, mica_symbol_##name, ExportKind::routine},
#define MICA_CELL(name) {#name, mica_symbol_##name, ExportKind::cell},
#define MICA_RUNTIME(name) {#name, mica_symbol_##name, ExportKind::routine},
#include "abi/exports.inc"
};
static_assert(std::is_sorted(std::begin(table), std::end(table),
                             [](Export const& a, Export const& b) { return a.name < b.name; }));

// The older module for hardware: what it exports ntoskrnl.exe exports too.
constexpr std::string_view hal_exports[] = {"KeQueryPerformanceCounter",
                                            "KeStallExecutionProcessor"};

[[nodiscard]] bool is_hal(std::string_view module) noexcept {
  return equal_in_any_case(module, hal_module);
}

}  // namespace

std::span<Export const> exports() noexcept {
  return table;
}

bool is_executive(std::string_view module) noexcept {
  return equal_in_any_case(module, kernel_module) || is_hal(module);
}

bool exports_of(std::string_view module, Export const& one) noexcept {
  return !is_hal(module) || std::ranges::find(hal_exports, one.name) != std::end(hal_exports);
}

Export const* find_export(std::string_view module, std::string_view name) noexcept {
  if (!is_executive(module)) return nullptr;
  auto const* const found = std::ranges::lower_bound(table, name, {}, &Export::name);
  bool const is_there = found != std::end(table) && found->name == name;
  return is_there && exports_of(module, *found) ? found : nullptr;
}

}  // namespace mica::abi
