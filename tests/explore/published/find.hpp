// A bug that was published elsewhere, rewritten as a small program from its description.
//   MICA_PUBLISHED("Published: what, in which system", body, .id = ..., ...) for a body of the form
//   template <bool mended> void body(Window& window): without the correction the named verdict is
//   found by every strategy, made small and replayed; with it nothing is found, to exhaustion. Each
//   prints its row of docs/published.md, which table.py writes.
#pragma once

#include "catch.hpp"
#include "explore/explorer.hpp"

namespace mica::explore {

struct Published {
  char const* id;
  char const* system;
  char const* bug;
  char const* described;  // who, where, when
  char const* address;    // of that document
  Verdict verdict;
  unsigned processors = 2;
  bool loop_free = true;  // as source-DPOR wants it (dpor.hpp)
  int bound = -1;  // deviations that the corrected one is exhausted to; -1: all, by source-DPOR
};

void try_published(Published const& what, void (*broken)(Window& window),
                   void (*mended)(Window& window));

}  // namespace mica::explore

#define MICA_PUBLISHED(name, body, ...)                                   \
  TEST_CASE(name, "[explore][published]") {                               \
    mica::explore::try_published({__VA_ARGS__}, body<false>, body<true>); \
  }
