// How models are asked: they are somebody else's, and may throw.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <string>

namespace mica::harness {

// Empty: it did what it was asked for. Else that it has it not, or what it threw.
template <class Ask>
[[nodiscard]] std::string ask_model(Ask ask) noexcept {
  try {
    return ask() ? "" : "which it has not";
  } catch (std::exception const& thrown) {
    return fmt::format("and its model threw: {}", thrown.what());
  } catch (...) {
    return "and its model threw";
  }
}

}  // namespace mica::harness
