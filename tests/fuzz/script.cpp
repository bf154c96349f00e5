// Scripts: whatever a text says, it is a script, or a mistake at a place of it.
#include "script/script.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mica;

namespace {

[[nodiscard]] bool is_in(std::string_view text, script::Place place) {
  for (unsigned line = 1; line < place.line; ++line) {
    std::size_t const end = text.find('\n');
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
  std::size_t const length = std::min(text.find('\n'), text.size());
  return place.line >= 1 && place.column >= 1 && place.column <= length + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  try {
    for (script::Statement const& each : script::parse(text).statements)
      if (!is_in(text, each.where)) std::abort();
  } catch (script::Mistake const& mistake) {
    std::string_view const what = mistake.what();
    if (!is_in(text, mistake.where) || what.find('\n') != what.npos) std::abort();
  }
  return 0;
}
