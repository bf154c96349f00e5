// Balanced trees (Adelson-Velsky and Landis): the depths of any two siblings differ by one at most.
//   A tree hangs at a `top` that is its own parent, as the right child. Balance is how much deeper
//   the right child is.
#pragma once

#include <nt/rtl/table.h>

#include "rtl/tree.hpp"

namespace mica::rtl::balanced {

using Links = RTL_BALANCED_LINKS;

// Puts it where its parent has no child. True: the tree is deeper than before.
[[nodiscard]] bool NTAPI insert(Links& top, Links& links, Links& parent, Side side) noexcept;
// True: the tree is less deep than before.
[[nodiscard]] bool NTAPI remove(Links& top, Links& links) noexcept;
// Next to it in order; null: nothing is. Of the top, the first on that side.
[[nodiscard]] Links* NTAPI next(Links& top, Links& links, Side side) noexcept;

}  // namespace mica::rtl::balanced
