#pragma once

#include "catch.hpp"
#include "ldr/refusal.hpp"

namespace mica::test {

// What was refused, for which reason, and where.
inline void check_refusal(ldr::Refusal const& refusal, char const* what, ldr::Place place,
                          std::uint64_t where) {
  INFO(what << " at " << where);
  CHECK(std::string_view{refusal.what} == what);
  CHECK(refusal.place == place);
  CHECK(refusal.at == where);
}

}  // namespace mica::test
