// What a scenario leaves allocated: pool blocks of tags that the kernel itself does not use.
//   The kernel frees a thread or an object when it comes to that, which may be after the body; so
//   its own tags, those that were in use before the body began, do not count.
#pragma once

#include <set>
#include <string>

#include "mm/state.hpp"

namespace mica::explore {

class Books {
 public:
  // Before the body.
  void open(mm::State const& state);
  // After it: a line for each tag with live blocks; empty: there is none.
  [[nodiscard]] std::string left(mm::State const& state) const;

 private:
  std::set<std::uint32_t> kernel_;
};

}  // namespace mica::explore
