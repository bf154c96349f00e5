// Symbols made by hand: a PDB of blocks that lie in no order, whose every field a test may change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "ldr/program_database.hpp"

namespace mica::test {

class MadeDatabase {
 public:
  static constexpr std::uint32_t block = 512;
  static constexpr std::uint32_t information = 1, debug_information = 3, records = 4;
  static constexpr std::uint32_t debug_bytes = 64 + 22;  // with eleven numbers of streams

  MadeDatabase() {
    streams_[0] = {};  // what was the directory before
    put(information, 0, std::uint32_t{20000404});
    put(information, 8, std::uint32_t{9});  // grew when something was added
    put(information, 12, identity().guid);
    put(2, 0, std::uint32_t{0});
    put(debug_information, 0, std::int32_t{-1});
    put(debug_information, 4, std::uint32_t{19990903});
    put(debug_information, 8, identity().age);
    put(debug_information, 20, static_cast<std::uint16_t>(records));
    put(debug_information, 48, std::int32_t{22});
    put(debug_information, 58, std::uint16_t{0x8664});
    for (std::uint32_t i = 0; i < 11; ++i)
      put(debug_information, 64 + 2 * i, std::uint16_t{0xFFFF});
    streams_[records] = {};
  }

  [[nodiscard]] static ldr::SymbolsIdentity identity() noexcept {
    return {{0x01234567, 0x89AB, 0xCDEF, {1, 2, 3, 4, 5, 6, 7, 8}}, 2};
  }

  // Of a stream, which grows.
  template <class T>
  MadeDatabase& put(std::uint32_t stream, std::size_t offset, T const& value) {
    auto& bytes = streams_[stream];
    if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return *this;
  }
  [[nodiscard]] std::size_t bytes_of(std::uint32_t stream) const { return streams_[stream].size(); }

  // S_PUB32, whole words.
  MadeDatabase& add(std::uint16_t section, std::uint32_t offset, std::string_view name) {
    std::size_t const at = bytes_of(records), end = (at + 14 + name.size() + 1 + 3) / 4 * 4;
    put(records, at, static_cast<std::uint16_t>(end - at - 2))
        .put(records, at + 2, std::uint16_t{0x110E});
    put(records, at + 4, std::uint32_t{2})
        .put(records, at + 8, offset)
        .put(records, at + 12, section);
    streams_[records].resize(end);
    std::memcpy(streams_[records].data() + at + 14, name.data(), name.size());
    return *this;
  }
  // A record of another kind.
  MadeDatabase& add_other(std::uint16_t bytes) {
    std::size_t const at = bytes_of(records);
    put(records, at, bytes).put(records, at + 2, std::uint16_t{0x1125});
    streams_[records].resize(at + 2 + bytes);
    return *this;
  }

  // The blocks of each stream from its last one on, behind those of the streams after it.
  [[nodiscard]] std::vector<std::byte> bytes() const {
    std::vector<std::uint32_t> directory{stream_count}, map;
    for (auto const& stream : streams_)
      directory.push_back(static_cast<std::uint32_t>(stream.size()));
    std::uint32_t count = 0;
    for (auto const& stream : streams_) count += blocks(stream.size());
    auto const directory_bytes = static_cast<std::uint32_t>((directory.size() + count) * 4);
    std::uint32_t const first = directory_block + blocks(directory_bytes), last = first + count;
    for (std::uint32_t i = directory_block; i < first; ++i) map.push_back(i);
    std::vector<std::byte> file(std::size_t{last} * block);
    std::uint32_t next = last;
    for (auto const& stream : streams_)
      for (std::uint32_t i = 0; i < blocks(stream.size()); ++i) {
        std::size_t const some = std::min<std::size_t>(block, stream.size() - i * block);
        std::memcpy(&file[std::size_t{--next} * block], &stream[std::size_t{i} * block], some);
        directory.push_back(next);
      }
    std::memcpy(&file[directory_block * block], directory.data(), directory_bytes);
    std::memcpy(&file[map_block * block], map.data(), map.size() * 4);
    std::memcpy(file.data(),
                "Microsoft C/C++ MSF 7.00\r\n\x1A"
                "DS\0\0",
                32);
    std::uint32_t const super[] = {block, 1, last, directory_bytes, 0, map_block};
    std::memcpy(&file[32], super, sizeof super);
    return file;
  }

  static constexpr std::uint32_t stream_count = 5;
  static constexpr std::uint32_t map_block = 3, directory_block = 4;
  static constexpr std::uint32_t first_block = 5;  // of streams, where the directory has one block
  static constexpr std::size_t sizes_at = directory_block * block + 4;
  static constexpr std::size_t lists_at = sizes_at + 4 * stream_count;

 private:
  [[nodiscard]] static std::uint32_t blocks(std::size_t bytes) noexcept {
    return static_cast<std::uint32_t>((bytes + block - 1) / block);
  }

  std::vector<std::byte> streams_[stream_count];
};

}  // namespace mica::test
