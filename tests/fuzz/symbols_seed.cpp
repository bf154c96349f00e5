// Writes symbols made by hand, smaller than a linker's: what a fuzzer begins with.
//   fuzz_symbols_seed FILE
#include <cstdio>
#include <fstream>
#include <string>

#include "ldr/made_database.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: fuzz_symbols_seed FILE\n", stderr);
    return 64;
  }
  mica::test::MadeDatabase made;
  made.add(1, 16, "Routine").add_other(700).add(2, 8, "?Method@Class@@");
  for (int i = 0; i < 40; ++i) made.add(1, 32, "Name" + std::to_string(i));
  auto const bytes = made.bytes();
  std::ofstream file{arguments[1], std::ios::binary};
  file.write(reinterpret_cast<char const*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return file.flush() ? 0 : 1;
}
