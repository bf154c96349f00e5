// The executive as images in memory, for drivers that look into ntoskrnl.exe and hal.dll
// themselves: headers, an export directory, and for each routine the code that leads to it, as
// imports have it (ldr/import_stub.hpp). What is exported as data is not in them. Each is made when
// somebody asks first, and stays.
#pragma once

#include <nt/ntdef.h>

#include <cstddef>
#include <string_view>

namespace mica::abi {

struct KernelImage {
  std::byte* base;  // null: there was no memory for it
  std::size_t bytes;
};

// Of kernel_module or hal_module (abi/exports.hpp). IRQL <= DISPATCH_LEVEL.
[[nodiscard]] KernelImage NTAPI kernel_image(std::string_view module) noexcept;

// Where the routine of that name begins in the image of kernel_module; null: there is none.
// IRQL <= DISPATCH_LEVEL.
[[nodiscard]] std::byte* NTAPI routine_in_image(KernelImage image, std::string_view name) noexcept;

}  // namespace mica::abi
