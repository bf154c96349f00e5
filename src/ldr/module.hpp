// A driver's image in system space: moved to where it stands, bound to what it imports, protected
// as its sections say.
//
// Rules
//   IRQL <= DISPATCH_LEVEL; nothing blocks. What is loaded belongs to the caller, until unload().
#pragma once

#include <nt/ntdef.h>

#include "ldr/import_stub.hpp"
#include "ldr/imports.hpp"

namespace mica::ldr {

struct Module {
  std::byte* base;
  std::size_t bytes;          // whole pages
  std::uint32_t entry_point;  // in the image
};

// What an import leads to. A routine is called through a stub (import_stub.hpp).
using Find = ImportTarget(NTAPI*)(Import const& import);

// Loads a native image, which find_image finds from then on. Imports that are not there are all
// named to the debugger, with `name`, before the image is refused for them, or, if State::traps
// says so, made to stop the System when it calls them. Delayed imports are bound like others; those
// that are not there are left to the image, which has a helper for them. What is refused is gone.
// Symbols, if there are any, stay as long as the module; those that are not its own are told to the
// debugger, and passed over.
//   STATUS_INSUFFICIENT_RESOURCES: no memory, or too many images.
//   STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, STATUS_DRIVER_ORDINAL_NOT_FOUND: the first import that is
//   not there has a name, or has none.
//   STATUS_IMAGE_CHECKSUM_MISMATCH: the file has a checksum, and it is another one.
//   STATUS_INVALID_IMAGE_FORMAT, and what File::open says.
[[nodiscard]] Refusal NTAPI load(std::string_view name, std::span<std::byte const> file, Find find,
                                 Module& module, std::span<std::byte const> symbols = {}) noexcept;
// Its DriverEntry succeeded: gives back the pages of its discardable sections, which from then on
// nobody touches. Once. Of more than LoadedImage::most_discardable runs of them the last stay.
void NTAPI discard(void const* base) noexcept;
// The module that begins there. Nothing of it runs any more.
void NTAPI unload(void const* base) noexcept;

}  // namespace mica::ldr
