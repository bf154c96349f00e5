#include "rtl/balanced.hpp"

namespace mica::rtl::balanced {
namespace {

[[nodiscard]] constexpr CHAR weight(Side side) noexcept {
  return static_cast<CHAR>(side);
}

[[nodiscard]] constexpr bool is_tilted(Links const& links) noexcept {
  return links.Balance < -1 || links.Balance > 1;
}

// The child comes up to where `at` is, and that is beneath it.
void NTAPI lift(Links& at, Side side) noexcept {
  Links& up = *child(at, side);
  attach(*at.Parent, side_of(at), &up);
  attach(at, side, child(up, opposite(side)));
  attach(up, opposite(side), &at);
}

// `at` is deeper by two on that side. Returns what is in its place then.
Links& NTAPI level(Links& at, Side heavy) noexcept {
  Links& down = *child(at, heavy);
  CHAR const tilt = weight(heavy);
  if (down.Balance != -tilt) {
    // Children of `down` that were equally deep, which only a removal leaves, go on being unequal.
    CHAR const left = down.Balance == 0 ? tilt : CHAR{0};
    lift(at, heavy);
    at.Balance = left;
    down.Balance = static_cast<CHAR>(-left);
    return down;
  }
  Links& inner = *child(down, opposite(heavy));
  lift(down, opposite(heavy));
  lift(at, heavy);
  at.Balance = inner.Balance == tilt ? static_cast<CHAR>(-tilt) : CHAR{0};
  down.Balance = inner.Balance == -tilt ? tilt : CHAR{0};
  inner.Balance = 0;
  return inner;
}

}  // namespace

bool NTAPI insert(Links& top, Links& links, Links& parent, Side side) noexcept {
  links = {};
  attach(parent, side, &links);
  for (Links* at = &links; at->Parent != &top;) {
    Side const grown = side_of(*at);
    at = at->Parent;
    at->Balance = static_cast<CHAR>(at->Balance + weight(grown));
    if (at->Balance == 0) return false;
    if (is_tilted(*at)) {
      static_cast<void>(level(*at, grown));
      return false;
    }
  }
  return true;
}

bool NTAPI remove(Links& top, Links& links) noexcept {
  Side shrunk = side_of(links);
  Links* at = links.Parent;
  if (links.LeftChild != nullptr && links.RightChild != nullptr) {
    Side const place = shrunk;
    Links& heir = outermost(*links.RightChild, Side::left);
    at = &replace_by_heir(links, heir, shrunk);
    heir.Balance = links.Balance;
    attach(*links.Parent, place, &heir);
  } else {
    attach(*at, shrunk, links.LeftChild != nullptr ? links.LeftChild : links.RightChild);
  }
  while (at != &top) {
    at->Balance = static_cast<CHAR>(at->Balance - weight(shrunk));
    if (is_tilted(*at)) at = &level(*at, opposite(shrunk));
    if (at->Balance != 0) return false;  // as deep as before
    shrunk = side_of(*at);
    at = at->Parent;
  }
  return true;
}

Links* NTAPI next(Links& top, Links& links, Side side) noexcept {
  if (&links == &top)
    return top.RightChild != nullptr ? &outermost(*top.RightChild, opposite(side)) : nullptr;
  Links* const found = neighbour(links, side);
  return found != &top ? found : nullptr;
}

}  // namespace mica::rtl::balanced
