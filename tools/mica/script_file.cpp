#include "script_file.hpp"

#include <fmt/format.h>

#include "files.hpp"
#include "wrong.hpp"

namespace mica::tool {

script::Script script_in(std::string const& path) {
  if (path.empty()) return {};
  std::vector<std::byte> const bytes = contents(path);
  try {
    return script::parse({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
  } catch (script::Mistake const& mistake) {
    throw Wrong{fmt::format("{}: {}", place_text(path, mistake.where), mistake.what())};
  }
}

std::string place_text(std::string const& file, script::Place place) {
  return fmt::format("{}:{}:{}", file, place.line, place.column);
}

}  // namespace mica::tool
