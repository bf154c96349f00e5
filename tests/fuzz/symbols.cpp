// Symbols: whatever bytes their file has, they are read within its bounds or refused, and end.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/assert.hpp"
#include "ldr/program_database.hpp"

using namespace mica;

// Of a Debug build.
void NTAPI mica::assertion_failed(char const*, char const*, int) noexcept {
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ldr::ProgramDatabase database;
  if (database.open(std::as_bytes(std::span{data, size}))) return database.empty() ? 0 : 1;
  std::size_t letters = 0;
  ldr::PublicSymbol symbol{};
  for (std::uint32_t position = 0; database.next(position, symbol);) {
    std::vector<char> name(symbol.name_bytes);
    std::size_t const length = database.copy_name(symbol, name);
    if (length >= symbol.name_bytes) std::abort();  // its zero is one of them
    letters += symbol.name_bytes;
  }
  if (letters > size) std::abort();  // no byte is read twice
  return 0;
}
