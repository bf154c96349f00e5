// Changes symbols as what they are: one thing of their file lies, the rest stays what it was.
#include <cstring>

#include "choice.hpp"
#include "mutate.hpp"

namespace mica::fuzz {
namespace {

constexpr std::size_t block_bytes_at = 32, super_bytes = 56, map_at = 52;

class EditedSymbols {
 public:
  EditedSymbols(std::uint8_t* data, std::size_t size) noexcept : data_{data}, size_{size} {}

  [[nodiscard]] std::uint32_t word(std::size_t at) const noexcept {
    std::uint32_t value = 0;
    if (at <= size_ && size_ - at >= sizeof value) std::memcpy(&value, data_ + at, sizeof value);
    return value;
  }
  void write(std::size_t at, std::uint64_t value, std::size_t bytes) noexcept {
    if (at <= size_ && size_ - at >= bytes) std::memcpy(data_ + at, &value, bytes);
  }
  [[nodiscard]] std::size_t block_bytes() const noexcept {
    std::uint32_t const bytes = word(block_bytes_at);
    return bytes == 0 ? 512 : bytes;
  }
  [[nodiscard]] std::size_t directory() const noexcept {
    return word(word(map_at) * block_bytes()) * block_bytes();
  }
  // The first block of a stream of a directory of one block; 0: it has none.
  [[nodiscard]] std::size_t stream(std::uint32_t number) const noexcept {
    std::uint32_t const count = word(directory());
    std::size_t at = directory() + 4 + std::size_t{count} * 4;
    if (number >= count || count > size_) return 0;
    for (std::uint32_t i = 0; i < number; ++i)
      if (std::uint32_t const bytes = word(directory() + 4 + std::size_t{i} * 4); bytes != ~0u)
        at += (bytes + block_bytes() - 1) / block_bytes() * 4;
    return word(at) * block_bytes();
  }
  // What breaks sums: limits, and numbers of the very file, each a little more or less.
  [[nodiscard]] std::uint64_t lie(Choice& choice, std::uint64_t was) const noexcept {
    std::uint64_t const lies[] = {was,           was,    0,           0xFFFF'FFFF,
                                  0x7FFF'FFFF,   0xFFFF, size_,       size_ / block_bytes(),
                                  block_bytes(), 1,      choice.any()};
    return choice.of(lies) + choice.below(9) - 4;
  }

 private:
  std::uint8_t* data_;
  std::size_t size_;
};

// A field of two or four bytes.
void change(EditedSymbols& symbols, Choice& choice, std::size_t at, std::size_t bytes) {
  symbols.write(at, symbols.lie(choice, symbols.word(at)), bytes);
}

void change_directory(EditedSymbols& symbols, Choice& choice) {
  std::size_t const at = symbols.directory(), words = symbols.word(at) + std::size_t{2};
  change(symbols, choice, at + 4 * choice.below(words < 64 ? 2 * words : 64), 4);
}

// Of a stream that is read: its header, or a record of it.
void change_stream(EditedSymbols& symbols, Choice& choice) {
  constexpr std::uint32_t information = 1, debug_information = 3;
  if (choice.one_in(4)) return change(symbols, choice, symbols.stream(information), 4);
  std::size_t const debug = symbols.stream(debug_information);
  if (choice.one_in(2))
    return change(symbols, choice, debug + 2 * choice.below(48), 2 + 2 * choice.below(2));
  std::size_t at = symbols.stream(symbols.word(debug + 20) & 0xFFFF);
  for (std::size_t left = choice.below(16); left != 0; --left)
    at += 2 + (symbols.word(at) & 0xFFFF);
  change(symbols, choice, at + 2 * choice.below(8), 2);
}

}  // namespace
}  // namespace mica::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed) {
  using namespace mica::fuzz;
  Choice choice{seed};
  if (size < super_bytes || choice.one_in(16)) return LLVMFuzzerMutate(data, size, capacity);
  if (choice.one_in(16)) return choice.below(size + 1);  // cut off
  EditedSymbols symbols{data, size};
  do {
    if (choice.one_in(4))
      change(symbols, choice, block_bytes_at + 4 * choice.below(6), 4);
    else if (choice.one_in(2))
      change_directory(symbols, choice);
    else
      change_stream(symbols, choice);
  } while (choice.one_in(3));
  return size;
}
