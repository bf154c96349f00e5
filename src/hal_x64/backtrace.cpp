#include "hal_x64/backtrace.hpp"

#include <machine.hpp>

#include <algorithm>
#include <span>

namespace mica {

namespace {

// One function: tables of these are made from the image itself (symbols.awk), sorted by address.
struct Symbol {
  std::uint64_t address;
  char const* name;
};
extern "C" Symbol const __start_mica_symbols[], __stop_mica_symbols[];
extern "C" std::byte const __text_start[], __text_end[];

bool is_code(std::uint64_t address) noexcept {
  return address >= reinterpret_cast<std::uint64_t>(__text_start) &&
         address < reinterpret_cast<std::uint64_t>(__text_end);
}

}  // namespace

// g++ makes no frame for a function that does not use the stack; all others begin with `push %rbp`.
bool hal_x64::runs_without_frame(std::uint64_t instruction) noexcept {
  constexpr std::uint8_t push_rbp = 0x55;
  std::uint64_t const offset = Machine::symbol_name(instruction).offset;
  if (!is_code(instruction) || offset == 0) return true;
  return *reinterpret_cast<std::uint8_t const*>(instruction - offset) != push_rbp;
}

namespace {

// The caller's frame lies on the stack that was left.
bool comes_from_another_stack(std::uint64_t address) noexcept {
  return address - Machine::symbol_name(address).offset ==
         reinterpret_cast<std::uint64_t>(&hal_x64::mica_call_on_stack);
}

}  // namespace

// A frame is {caller's frame pointer, return address}; stacks grow downward, so callers' frames lie
// higher. Only the first may lie elsewhere, on the stack of a fault, and who called on another
// stack.
std::size_t Machine::backtrace(std::uint64_t frame, std::uint64_t* addresses,
                               std::size_t capacity) noexcept {
  if (frame == 0) frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  std::size_t count = 0;
  while (count < capacity && frame % 8 == 0) {
    std::uint64_t pair[2];
    if (!copy_guarded(pair, reinterpret_cast<void const*>(frame), sizeof pair) || pair[1] == 0)
      break;
    addresses[count++] = pair[1];
    bool const higher = pair[0] > frame || count == 1 || comes_from_another_stack(pair[1]);
    if (pair[0] == frame || !higher) break;
    frame = pair[0];
  }
  return count;
}

hal::SymbolName Machine::symbol_name(std::uint64_t address) noexcept {
  std::span const symbols{__start_mica_symbols, __stop_mica_symbols};
  if (!is_code(address)) return {nullptr, 0};
  auto const after = std::upper_bound(
      symbols.begin(), symbols.end(), address,
      [](std::uint64_t wanted, Symbol const& one) { return wanted < one.address; });
  if (after == symbols.begin()) return {nullptr, 0};
  Symbol const& found = *(after - 1);
  return {found.name, address - found.address};
}

}  // namespace mica
