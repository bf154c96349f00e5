// Random steps for tests against a model.
#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <ostream>
#include <vector>

namespace mica {

struct Step {
  int what;
  std::size_t one;
  std::size_t other;
};

inline void showValue(Step const& step, std::ostream& out) {
  out << step.what << ':' << step.one << ',' << step.other;
}

// Each `what` is less than `kinds`, both numbers less than `most`.
inline std::vector<Step> any_steps(int kinds, std::size_t most) {
  return *rc::gen::container<std::vector<Step>>(rc::gen::apply(
      [](int what, std::size_t one, std::size_t other) {
        return Step{what, one, other};
      },
      rc::gen::inRange(0, kinds), rc::gen::inRange<std::size_t>(0, most),
      rc::gen::inRange<std::size_t>(0, most)));
}

}  // namespace mica
