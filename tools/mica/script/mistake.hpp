// What is wrong with a script, and where.
#pragma once

#include <stdexcept>
#include <string>

namespace mica::script {

// From 1, as editors count; a column is a byte.
struct Place {
  unsigned line = 1;
  unsigned column = 1;
  bool operator==(Place const&) const = default;
};

// what() is "found ..., expected ...".
struct Mistake : std::runtime_error {
  Mistake(Place place, std::string const& found, std::string const& expected)
      : std::runtime_error{"found " + found + ", expected " + expected}, where{place} {}
  Place where;
};

}  // namespace mica::script
