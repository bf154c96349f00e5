// A routine by its name, while a driver runs.                      [MSDN MmGetSystemRoutineAddress]
#include <nt/mm.h>

#include "abi/exports.hpp"
#include "abi/kernel_image.hpp"
#include "abi/resolve.hpp"
#include "ke/verifier.hpp"

using namespace mica;

namespace {

// The letters of a name that all are ASCII; empty: it is none of an export.
class NarrowName {
 public:
  explicit NarrowName(UNICODE_STRING const& name) noexcept {
    std::size_t const length = name.Length / sizeof(WCHAR);
    if (length > sizeof letters_) return;
    for (std::size_t i = 0; i < length; ++i) {
      if (name.Buffer[i] >= 0x80) return;
      letters_[i] = static_cast<char>(name.Buffer[i]);
    }
    length_ = length;
  }
  [[nodiscard]] std::string_view get() const noexcept { return {letters_, length_}; }

 private:
  char letters_[128];
  std::size_t length_ = 0;
};

}  // namespace

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, SystemRoutineName);
  NarrowName const name{*SystemRoutineName};
  ldr::Import wanted{};
  wanted.module = mica::abi::kernel_module;
  wanted.name = name.get();
  ldr::ImportTarget const target = mica::abi::resolve(wanted);
  if (target.address == nullptr) return nullptr;
  if (target.kind == ldr::ImportKind::data) return const_cast<PVOID>(target.address);
  mica::abi::KernelImage const image = mica::abi::kernel_image(mica::abi::kernel_module);
  return image.base != nullptr ? mica::abi::routine_in_image(image, target.name) : nullptr;
}
