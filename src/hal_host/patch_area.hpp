// Where the code stands that patched instructions lead to (patch.hpp): pages in a System's region
// that are neither memory nor system space, so that nothing else comes to stand in a jump's reach.
//
// Rules
//   One OS thread uses it at a time, the signal handler of a fault included: nothing is allocated
//   or locked, Linux alone is asked. Pages are executed and not written but while one is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mica::hal_host {

// An instruction in a driver's image, and what is done for it.
struct alignas(256) Patch {
  static constexpr std::size_t longest_instruction = 15;

  unsigned char code[208];
  std::uint64_t site;     // where the instruction is
  std::uint64_t next;     // what follows it
  std::uint64_t routine;  // what the code calls
  unsigned char original[longest_instruction];
  std::uint8_t length;

  // How much of it the jump here has taken the place of.
  [[nodiscard]] std::size_t replaced() const noexcept;
};

inline constexpr std::size_t jump_bytes = 5;

inline std::size_t Patch::replaced() const noexcept {
  return length < jump_bytes ? length : jump_bytes;
}

class PatchArea {
 public:
  // What of a region may be used, of two parts that do not touch.
  void bound(std::span<std::byte> low, std::span<std::byte> high) noexcept;

  // A patch that is free, to be written now, whose first byte is at an address within [first,
  // last]; null: there is none, or no memory. It stays free until `seal`, which must follow
  // whatever was made of it: it is executable then. False: Linux does not have that.
  [[nodiscard]] Patch* take(std::uint64_t first, std::uint64_t last) noexcept;
  [[nodiscard]] bool seal(Patch const& patch, bool used) noexcept;
  // It is free from now on.
  void give_back(Patch const& patch) noexcept;

  // The patch whose code an address is in; null: none.
  [[nodiscard]] Patch* at(std::uint64_t instruction) const noexcept;
  // One of an instruction that begins within [begin, end); null: none.
  [[nodiscard]] Patch* in(std::uint64_t begin, std::uint64_t end) const noexcept;
  // Nothing is patched.
  void clear() noexcept;

 private:
  static constexpr std::size_t most_pages = 512;
  static constexpr std::size_t patches_in_page = 4096 / sizeof(Patch);

  [[nodiscard]] Patch* free_in(std::size_t page, std::uint64_t first,
                               std::uint64_t last) const noexcept;
  [[nodiscard]] Patch* add_page(std::span<std::byte> part, std::uint64_t first,
                                std::uint64_t last) noexcept;
  // most_pages: there is none that begins there.
  [[nodiscard]] std::size_t find(std::uint64_t page) const noexcept;
  [[nodiscard]] std::uint64_t& site_of(Patch const& patch) noexcept;

  std::span<std::byte> parts_[2];
  Patch* pages_[most_pages];
  std::uint64_t sites_[most_pages][patches_in_page];  // 0: the patch is free
  std::size_t page_count_ = 0;
};

}  // namespace mica::hal_host
