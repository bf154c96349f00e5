#include "files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "wrong.hpp"

namespace mica::tool {

std::vector<std::byte> contents(std::string const& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file{std::fopen(path.c_str(), "rb"),
                                                             &std::fclose};
  std::vector<std::byte> bytes;
  std::byte block[1 << 16];
  while (file && !std::ferror(file.get()) && !std::feof(file.get()))
    bytes.insert(bytes.end(), block, block + std::fread(block, 1, sizeof block, file.get()));
  if (!file || std::ferror(file.get()))
    throw Wrong{fmt::format("cannot read '{}': {}", path, std::strerror(errno))};
  return bytes;
}

}  // namespace mica::tool
