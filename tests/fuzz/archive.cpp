// RAM disks: whatever an archive says, its files are within it, and it ends.
#include "init/archive.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "choice.hpp"
#include "mutate.hpp"

using namespace mica;

namespace {

constexpr std::size_t block = 512, checksum_at = 148, checksum_bytes = 8;

struct Field {
  std::size_t at, bytes;
};
constexpr Field fields[] = {{0, 100}, {124, 12}, {checksum_at, checksum_bytes},
                            {156, 1}, {257, 8},  {345, 155}};
constexpr std::size_t bytes_field = 1;

// Has the header there say what its bytes add up to.
void sum(std::uint8_t* header) {
  std::memset(header + checksum_at, ' ', checksum_bytes);
  unsigned total = 0;
  for (std::size_t i = 0; i < block; ++i) total += header[i];
  char text[checksum_bytes];
  std::snprintf(text, sizeof text, "%06o", total);
  std::memcpy(header + checksum_at, text, sizeof text);
}

// A size that may be one, up to behind the archive's end.
void write_bytes(std::uint8_t* header, std::size_t bytes) {
  char text[13];
  std::snprintf(text, sizeof text, "%011zo", bytes);
  std::memcpy(header + fields[bytes_field].at, text, fields[bytes_field].bytes);
}

}  // namespace

// One field of one header, whose checksum is then right: nothing would be read behind a wrong one.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed) {
  fuzz::Choice choice{seed};
  if (size < block || choice.one_in(8)) return LLVMFuzzerMutate(data, size, capacity);
  std::uint8_t* const header = data + block * choice.below(size / block);
  Field const& field = choice.of(fields);
  if (&field == &fields[bytes_field] && choice.one_in(2))
    write_bytes(header, choice.below(size + block));
  else
    LLVMFuzzerMutate(header + field.at, field.bytes, field.bytes);
  if (!choice.one_in(8)) sum(header);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bytes = std::as_bytes(std::span{data, size});
  init::Archive archive{bytes};
  std::size_t files = 0;
  for (init::ArchivedFile file; archive.next(file); ++files) {
    std::size_t const at = static_cast<std::size_t>(file.bytes.data() - bytes.data());
    if (at > size || size - at < file.bytes.size()) std::abort();
    if (init::base_name(file.name).size() > file.name.size()) std::abort();
  }
  if (archive.position() > size || files > size / block) std::abort();
  return 0;
}
