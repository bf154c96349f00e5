#include "ldr/stream_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.hpp"

namespace mica::ldr {
namespace {

constexpr char signature[] =
    "Microsoft C/C++ MSF 7.00\r\n\x1A"
    "DS\0\0";

// What the file begins with.
struct SuperBlock {
  char signature[32];
  std::uint32_t block_bytes;
  std::uint32_t free_block_map;
  std::uint32_t block_count;
  std::uint32_t directory_bytes;
  std::uint32_t unknown;
  std::uint32_t map;
};
static_assert(sizeof(SuperBlock) == 56 && sizeof signature == sizeof SuperBlock::signature);

constexpr std::uint32_t least_block = 512, largest_block = 32768;
constexpr std::uint32_t no_stream = 0xFFFF'FFFF;  // the size of one that is not there
constexpr std::uint64_t word_bytes = sizeof(std::uint32_t);

}  // namespace

std::uint32_t StreamFile::word(std::uint64_t at) const noexcept {
  std::uint32_t value = 0;
  MICA_ASSERT(at <= bytes_.size() && bytes_.size() - at >= sizeof value);
  std::memcpy(&value, bytes_.data() + at, sizeof value);
  return value;
}

Refusal StreamFile::open(std::span<std::byte const> bytes) noexcept {
  *this = {};
  SuperBlock super{};
  if (bytes.size() < sizeof super) return bad_file("its first block is cut off", 0);
  std::memcpy(&super, bytes.data(), sizeof super);
  if (std::memcmp(super.signature, signature, sizeof signature) != 0)
    return bad_file("it does not begin as a PDB does", 0);
  if (!std::has_single_bit(super.block_bytes) || super.block_bytes < least_block ||
      super.block_bytes > largest_block)
    return bad_file("its blocks have a size that blocks do not have",
                    offsetof(SuperBlock, block_bytes));
  if (super.free_block_map != 1 && super.free_block_map != 2)
    return bad_file("its list of free blocks is elsewhere than it may be",
                    offsetof(SuperBlock, free_block_map));
  if (std::uint64_t{super.block_count} * super.block_bytes > bytes.size())
    return bad_file("it is cut off", offsetof(SuperBlock, block_count));
  if (super.map == 0 || super.map >= super.block_count)
    return bad_file("its directory is listed outside of it", offsetof(SuperBlock, map));
  bytes_ = bytes;
  shift_ = static_cast<unsigned>(std::countr_zero(super.block_bytes));
  block_count_ = super.block_count;
  map_ = super.map;
  directory_bytes_ = super.directory_bytes;
  return check_directory();
}

// The directory: how many streams, how large each is, then their blocks, those of the first first.
Refusal StreamFile::check_directory() noexcept {
  Stream const directory = this->directory();
  constexpr std::uint64_t at = offsetof(SuperBlock, directory_bytes);
  if (directory.count() > block_bytes() / word_bytes)
    return bad_file("its directory has more blocks than can be listed", at);
  if (Refusal const refusal = check_blocks(directory)) return refusal;
  if (!directory.read(0, stream_count_)) return bad_file("its directory is empty", at);
  if (word_bytes + stream_count_ * word_bytes > directory_bytes_)
    return bad_file("there are more streams than its directory has room for", directory.place(0));
  std::uint64_t blocks = 0;
  for (std::uint64_t i = 0; i < stream_count_; ++i) {
    std::uint32_t bytes = 0;
    static_cast<void>(directory.read((i + 1) * word_bytes, bytes));
    if (bytes != no_stream) blocks += blocks_for(bytes);
  }
  if (word_bytes + (stream_count_ + blocks) * word_bytes > directory_bytes_)
    return bad_file("its streams have more blocks than its directory lists",
                    directory.place(word_bytes));
  if (blocks > block_count_)
    return bad_file("its streams have more blocks than it has", directory.place(word_bytes));
  return {};
}

Stream StreamFile::directory() const noexcept {
  Stream directory;
  directory.file_ = *this;
  directory.bytes_ = directory_bytes_;
  return directory;
}

Refusal StreamFile::check_blocks(Stream const& stream) const noexcept {
  for (std::uint64_t i = 0; i < stream.count(); ++i) {
    std::uint32_t const number = stream.block(i);
    if (number == 0 || number >= block_count_)
      return bad_file("a stream's block is outside of it", std::uint64_t{number} << shift_);
  }
  return {};
}

Refusal StreamFile::find(std::uint32_t number, char const* without, Stream& stream) const noexcept {
  Stream const directory = this->directory();
  if (number >= stream_count_) return bad_file(without, directory.place(0));
  std::uint64_t list = word_bytes + std::uint64_t{stream_count_} * word_bytes;
  std::uint32_t bytes = 0;
  for (std::uint64_t i = 0;; ++i) {
    static_cast<void>(directory.read((i + 1) * word_bytes, bytes));
    if (i == number) break;
    if (bytes != no_stream) list += blocks_for(bytes) * word_bytes;
  }
  if (bytes == 0 || bytes == no_stream)
    return bad_file(without, directory.place((number + std::uint64_t{1}) * word_bytes));
  stream = directory;
  stream.bytes_ = bytes;
  stream.list_ = static_cast<std::uint32_t>(list);
  return check_blocks(stream);
}

// A bit for each block of a part of the file, part after part: there is no memory for all.
bool StreamFile::overlap(std::span<Stream const> streams) const noexcept {
  constexpr std::uint32_t part = 4096;
  for (std::uint64_t first = 0; first < block_count_; first += part) {
    std::uint8_t taken[part / 8] = {};
    auto const take = [&](std::uint32_t number) {
      std::uint64_t const bit = number - first;
      if (number < first || bit >= part) return true;
      std::uint8_t& byte = taken[bit / 8];
      auto const mask = static_cast<std::uint8_t>(1u << bit % 8);
      if ((byte & mask) != 0) return false;
      byte |= mask;
      return true;
    };
    auto const take_all = [&](Stream const& stream) {
      for (std::uint64_t i = 0; i < stream.count(); ++i)
        if (!take(stream.block(i))) return false;
      return true;
    };
    if (!take(0) || !take(map_) || !take_all(directory()) ||
        !std::ranges::all_of(streams, take_all))
      return true;
  }
  return false;
}

// Lists are of whole words, so that no entry lies in two blocks.
std::uint32_t Stream::block(std::uint64_t index) const noexcept {
  std::uint64_t const map = std::uint64_t{file_.map_} << file_.shift_;
  if (list_ == 0) return file_.word(map + index * word_bytes);
  std::uint64_t const at = list_ + index * word_bytes;
  std::uint64_t const holder = file_.word(map + (at >> file_.shift_) * word_bytes);
  return file_.word((holder << file_.shift_) + at % file_.block_bytes());
}

bool Stream::read(std::uint64_t offset, void* to, std::size_t length) const noexcept {
  if (offset > bytes_ || bytes_ - offset < length) return false;
  auto* next = static_cast<std::byte*>(to);
  while (length != 0) {
    std::uint64_t const number = block(offset >> file_.shift_);
    MICA_ASSERT(number < file_.block_count_);  // check_blocks
    std::uint64_t const within = offset % file_.block_bytes();
    std::uint64_t const at = (number << file_.shift_) + within;
    std::size_t const some = std::min<std::size_t>(length, file_.block_bytes() - within);
    std::memcpy(next, file_.bytes_.data() + at, some);
    next += some;
    offset += some;
    length -= some;
  }
  return true;
}

std::uint64_t Stream::place(std::uint64_t offset) const noexcept {
  std::uint64_t const last = bytes_ != 0 ? (bytes_ - 1) >> file_.shift_ : 0;
  std::uint64_t const index = std::min(offset >> file_.shift_, last);
  return (std::uint64_t{block(index)} << file_.shift_) + offset - (index << file_.shift_);
}

}  // namespace mica::ldr
