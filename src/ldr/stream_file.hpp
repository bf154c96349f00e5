// A file of numbered streams, whose blocks lie anywhere in it: what symbols are kept in.
//                                                              [LLVM "The MSF File Format"]
//   Nothing that the file says is believed: a Stream that was found has all its blocks in the file.
//   Any IRQL; no memory is taken, so what is asked for is looked up each time. Copies are cheap.
#pragma once

#include <cstddef>
#include <span>

#include "ldr/refusal.hpp"

namespace mica::ldr {

class Stream;

class StreamFile {
 public:
  // `bytes` are the caller's and stay.
  [[nodiscard]] Refusal open(std::span<std::byte const> bytes) noexcept;
  // Refused, with what the caller calls it: there is no stream of that number, or no data of it, or
  // its blocks are not in the file.
  [[nodiscard]] Refusal find(std::uint32_t number, char const* without,
                             Stream& stream) const noexcept;
  // Whether two of the streams, or one of them and what the file has for itself, have a block in
  // common.
  [[nodiscard]] bool overlap(std::span<Stream const> streams) const noexcept;

 private:
  friend class Stream;

  [[nodiscard]] std::uint64_t block_bytes() const noexcept { return std::uint64_t{1} << shift_; }
  [[nodiscard]] std::uint64_t blocks_for(std::uint64_t bytes) const noexcept {
    return (bytes + block_bytes() - 1) >> shift_;
  }
  // Within the file.
  [[nodiscard]] std::uint32_t word(std::uint64_t at) const noexcept;
  [[nodiscard]] Stream directory() const noexcept;
  [[nodiscard]] Refusal check_directory() noexcept;
  [[nodiscard]] Refusal check_blocks(Stream const& stream) const noexcept;

  std::span<std::byte const> bytes_;
  unsigned shift_ = 0;
  std::uint32_t block_count_ = 0;
  std::uint32_t map_ = 0;  // the block that lists those of the directory
  std::uint32_t directory_bytes_ = 0;
  std::uint32_t stream_count_ = 0;
};

class Stream {
 public:
  [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }
  // False: some of it is outside of the stream.
  [[nodiscard]] bool read(std::uint64_t offset, void* to, std::size_t length) const noexcept;
  template <class T>
  [[nodiscard]] bool read(std::uint64_t offset, T& value) const noexcept {
    return read(offset, &value, sizeof value);
  }
  // Where in the file that byte of it is, or would be if the stream went on: for messages.
  [[nodiscard]] std::uint64_t place(std::uint64_t offset) const noexcept;

 private:
  friend class StreamFile;

  // The block of that number, which is below count().
  [[nodiscard]] std::uint32_t block(std::uint64_t index) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return file_.blocks_for(bytes_); }

  StreamFile file_;
  std::uint32_t bytes_ = 0;
  std::uint32_t list_ = 0;  // where in the directory its blocks are listed; 0: of the directory
};

}  // namespace mica::ldr
