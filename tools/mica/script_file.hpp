// A script in a file.
#pragma once

#include <string>

#include "script/script.hpp"

namespace mica::tool {

// An empty path: an empty script. Throws Wrong with the place, if there is a mistake in it.
[[nodiscard]] script::Script script_in(std::string const& path);

// FILE:LINE:COLUMN
[[nodiscard]] std::string place_text(std::string const& file, script::Place place);

}  // namespace mica::tool
