// Litmus tests: small programs that tell memory models apart, and what may come of them.
//   A program is written once and run in five styles, which say how strongly its operations are
//   ordered. Its outcome is every value that was read, in the order of the program text, then what
//   the cells hold in the end where that matters: "10" is 1, then 0.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mica::explore {

enum class Style : std::uint8_t {
  relaxed,
  release_acquire,
  seq_cst,
  acq_rel_fences,  // relaxed, with a fence between any two operations of a processor
  seq_cst_fences,
};
inline constexpr std::array styles{Style::relaxed, Style::release_acquire, Style::seq_cst,
                                   Style::acq_rel_fences, Style::seq_cst_fences};

struct Act {
  enum class Kind : std::uint8_t {
    load,
    store,          // value
    relaxed_store,  // in every style, no fence before it
    relaxed_add,    // value, in every style: reads
  };
  Kind kind;
  unsigned cell = 0;
  std::uint32_t value = 0;
};

// An outcome that sequential consistency forbids. In each style, 'y': it may come, '-': it may not.
struct WeakOutcome {
  char const* outcome;
  char const* allowed;  // by C++20
  char const* x86;      // by what a compiler makes of the operations there, in their order
  char const* shown;    // by our model of C++20
};

struct Litmus {
  static constexpr unsigned cells = 2;
  char const* name;
  char const* text;  // a processor's operations, and the next one's
  std::vector<std::vector<Act>> processors;
  bool finals;                            // the cells count
  std::vector<std::string> sequential{};  // what comes under sequential consistency
  std::vector<WeakOutcome> weak{};
  char const* why = "";  // the model shows less than C++20 allows
};

[[nodiscard]] std::vector<Litmus> const& litmus_tests();

// docs/litmus.md. `shown`: by name of the test and weak outcome, for each style and there for each
// model, whether it came: 'y'.
[[nodiscard]] std::string litmus_page(std::map<std::string, std::string> const& shown);

}  // namespace mica::explore
