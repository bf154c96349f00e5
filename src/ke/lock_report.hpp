// What deadlock detection found, and how it says so.
#pragma once

#include "ke/lock_tables.hpp"
#include "ke/verifier.hpp"

namespace mica::ke {

// Copied from the tables under their lock, told without it.
struct LockReport {
  bool found = false;
  Rule rule{};
  ULONG_PTR parameters[3]{};

  // An order: what is about to happen, then what happened before.
  static constexpr unsigned most_steps = 8;
  LockEdge steps[most_steps]{};
  unsigned count = 0;
  unsigned left_out = 0;

  // Of Rule::lock_level.
  LockPlace taken{};
  LockPlace held{};
  LockKind taken_kind{};
  LockKind held_kind{};
  KIRQL taken_from = 0;
  KIRQL held_at = 0;

  void NTAPI set(Rule broken, void const* second, void const* third = nullptr) noexcept;
  void NTAPI add(LockEdge const& step) noexcept;
};

// Some lines in plain words, then the bugcheck. Any IRQL.
[[noreturn]] void NTAPI tell(LockReport const& report) noexcept;

}  // namespace mica::ke
