#include "abi/resolve.hpp"

#include <algorithm>
#include <iterator>

#include "abi/exports.hpp"

namespace mica::abi {
namespace {

constexpr std::string_view variable_routines[] = {
    "DbgPrint",     "DbgPrintEx", "_snprintf", "_snprintf_s", "_snwprintf",
    "_snwprintf_s", "sprintf",    "sprintf_s", "swprintf",    "swprintf_s"};

[[nodiscard]] ldr::ImportKind kind_of(std::string_view routine) noexcept {
  if (std::ranges::find(variable_routines, routine) != std::end(variable_routines))
    return ldr::ImportKind::variable_routine;
  if (routine == "RtlCaptureContext" || routine == "__chkstk") return ldr::ImportKind::bare_routine;
  return ldr::ImportKind::routine;
}

}  // namespace

// No ordinal of these modules is documented. Cells are of many types, and the routine that says
// where one is returns a pointer, whatever to: the sanitizer of indirect calls wants to know.
__attribute__((no_sanitize("undefined"))) ldr::ImportTarget NTAPI resolve(
    ldr::Import const& import) noexcept {
  Export const* const found = find_export(import.module, import.name);
  if (found == nullptr) return {};
  if (found->kind == ExportKind::routine) return {found->symbol, found->name, kind_of(found->name)};
  using Cell = void const*(NTAPI*)();
  return {reinterpret_cast<Cell>(reinterpret_cast<std::uintptr_t>(found->symbol))(), found->name,
          ldr::ImportKind::data};
}

}  // namespace mica::abi
