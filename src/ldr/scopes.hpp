// The table of scopes that the handler of C has of a function, the inner ones first.
//                                  [MSDN "__C_specific_handler", "Structured exception handling"]
//
// Rules
//   Nothing that a table says is believed: reads are within the image, lists end. Any IRQL.
#pragma once

#include "ldr/virtual_unwind.hpp"

namespace mica::ldr {

// A scope as its table has it.
struct Scope {
  ULONG begin, end;
  ULONG handler;  // of a __try with __except its filter, else its __finally
  ULONG target;   // the __except block; 0: it has a __finally

  [[nodiscard]] bool has(std::uint64_t at) const noexcept { return at >= begin && at < end; }
  [[nodiscard]] bool is_finally() const noexcept { return target == 0; }
  // Its filter is none: it handles whatever comes.
  [[nodiscard]] bool always_handles() const noexcept { return handler == 1; }
};

class ScopeTable {
 public:
  // `table`: where it is in the image.
  ScopeTable(LoadedImage const& image, std::uint32_t table) noexcept;

  // The next scope around that place in the image, from the one of that index on, which is behind
  // it then. What it leads to is in the image. False: there is none, or the table lies.
  [[nodiscard]] bool next(ULONG& index, std::uint64_t at, Scope& scope) noexcept;
  [[nodiscard]] BadFrame const& bad() const noexcept { return bad_; }

 private:
  bool refuse(char const* what) noexcept;
  [[nodiscard]] bool check(Scope const& scope) noexcept;

  LoadedImage const& image_;
  std::uint32_t const table_;
  ULONG count_ = 0;
  BadFrame bad_;
};

}  // namespace mica::ldr
