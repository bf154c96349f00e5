#include "symbols_file.hpp"

#include <filesystem>

#include "files.hpp"
#include "ldr/debug_record.hpp"

namespace mica::tool {

std::vector<std::byte> symbols_beside(std::string const& driver, std::span<std::byte const> image) {
  std::string_view const name = ldr::symbols_name(image);
  std::filesystem::path const path = std::filesystem::path{driver}.replace_filename(name);
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) ? contents(path)
                                                         : std::vector<std::byte>{};
}

}  // namespace mica::tool
