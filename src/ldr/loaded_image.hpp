// The images that are loaded, by address.
//
// Rules
//   find_image: any IRQL, also in a machine's fault handler: takes no lock. What it returns is
//   there as long as the image is; nothing runs in an image that is about to go.
//   add_image, remove_image, image_in: IRQL <= DISPATCH_LEVEL.
#pragma once

#include <nt/rtl/exception.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "ke/processor.hpp"
#include "ldr/pool_owners.hpp"
#include "ldr/program_database.hpp"

namespace mica::ldr {

struct ImportWatch;

// Whole pages of an image.
struct ImagePart {
  std::uint32_t begin, end;

  [[nodiscard]] std::size_t bytes() const noexcept { return end - begin; }
};

class LoadedImage {
 public:
  static constexpr unsigned most_discardable = 4;

  std::byte* base;
  std::size_t bytes;        // whole pages
  std::uint32_t functions;  // where its RUNTIME_FUNCTIONs are, and how many; all within
  std::uint32_t function_count;
  std::byte* stubs;  // null: it imports nothing
  std::size_t stub_bytes;
  ImagePart discardable[most_discardable];  // what its DriverEntry alone needs, in its order
  unsigned discardable_count;
  ProgramDatabase symbols;  // empty: nothing of it has a name (public_names.hpp)
  std::uint32_t sections;   // where the headers of its sections are, if it has symbols
  unsigned section_count;

  [[nodiscard]] char const* name() const noexcept { return name_; }
  void name_it(std::string_view name) noexcept;

  [[nodiscard]] std::uint64_t start() const noexcept { return ke::as_parameter(base); }
  [[nodiscard]] bool contains(std::uint64_t address) const noexcept {
    return address - start() < bytes;
  }
  // Where in it an address is that it contains.
  [[nodiscard]] std::uint32_t offset_of(std::uint64_t address) const noexcept {
    return static_cast<std::uint32_t>(address - start());
  }
  // Whether what is discardable is gone, or about to go: it is read no more.
  [[nodiscard]] bool is_discarded() const noexcept {
    return std::atomic_ref{const_cast<bool&>(discarded_)}.load(std::memory_order_acquire);
  }
  void mark_discarded() noexcept {
    std::atomic_ref{discarded_}.store(true, std::memory_order_release);
  }
  // False: some of it is outside of the image, or is gone.
  template <class T>
  [[nodiscard]] bool read(std::uint64_t offset, T& value) const noexcept {
    if (offset > bytes || bytes - offset < sizeof value) return false;
    if (is_discarded() && is_discardable(offset, sizeof value)) return false;
    std::memcpy(&value, base + offset, sizeof value);
    return true;
  }

  // False: there are no more, or it is gone.
  [[nodiscard]] bool read_function(std::uint32_t index, RUNTIME_FUNCTION& function) const noexcept {
    return index < function_count &&
           read(functions + std::uint64_t{index} * sizeof function, function);
  }

 private:
  // Whether some of those bytes are.
  [[nodiscard]] bool is_discardable(std::uint64_t offset, std::size_t length) const noexcept {
    for (unsigned i = 0; i < discardable_count; ++i)
      if (offset < discardable[i].end && discardable[i].begin < offset + length) return true;
    return false;
  }

  char name_[40];  // what there is room for, and a zero
  bool discarded_;
};

inline constexpr unsigned most_images = 256;

struct State {
  struct Slot {
    // Zero while the slot is free: written last, and cleared first.
    std::atomic<std::uint64_t> start;
    LoadedImage image;
  };
  ke::SpinLock<ke::Rank::loaded_images> lock;  // who adds or removes
  Slot slots[most_images];
  // Told of every call of images that are loaded from now on; null: nobody is.
  ImportWatch const* watch;
  // The executive as images (abi/kernel_image.hpp), once somebody asked for them.
  std::atomic<std::byte*> kernel;
  std::atomic<std::byte*> hal;
  PoolOwners pool_owners;
  bool traps;  // what is not there to import may be called, and reports that (missing_import.hpp)
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().ldr;
}

// False: there are too many.
[[nodiscard]] bool NTAPI add_image(LoadedImage const& image) noexcept;
// Has nobody read any more what is discardable of the image that begins there, which is one; the
// image.
[[nodiscard]] LoadedImage NTAPI discard_parts(void const* base) noexcept;
// The image that begins there, which is one.
[[nodiscard]] LoadedImage NTAPI remove_image(void const* base) noexcept;

// The image in that slot, below most_images. False: none is.
[[nodiscard]] bool NTAPI image_in(unsigned slot, LoadedImage& image) noexcept;

// Null: no image is there.
[[nodiscard]] LoadedImage const* NTAPI find_image(std::uint64_t address) noexcept;

// ExceptionState::is_in_image (ke/exception.hpp).
[[nodiscard]] bool NTAPI is_in_image(std::uint64_t address) noexcept;

}  // namespace mica::ldr
