// Binary trees whose links name the parent: what splay trees and balanced ones have in common.
#pragma once

#include <nt/ntdef.h>

namespace mica::rtl {

enum class Side : signed char { left = -1, right = 1 };
[[nodiscard]] constexpr Side opposite(Side side) noexcept {
  return side == Side::left ? Side::right : Side::left;
}

template <class Links>
[[nodiscard]] Links*& child(Links& of, Side side) noexcept {
  return side == Side::left ? of.LeftChild : of.RightChild;
}

// Of a child: which one it is.
template <class Links>
[[nodiscard]] Side side_of(Links const& links) noexcept {
  return links.Parent->LeftChild == &links ? Side::left : Side::right;
}

template <class Links>
void NTAPI attach(Links& parent, Side side, Links* links) noexcept {
  child(parent, side) = links;
  if (links != nullptr) links->Parent = &parent;
}

// The last beneath it on that side; itself, if there is none.
template <class Links>
[[nodiscard]] Links& NTAPI outermost(Links& of, Side side) noexcept {
  Links* at = &of;
  while (Links* const next = child(*at, side)) at = next;
  return *at;
}

// What is next to it on that side, in the order of the tree beneath it; null: nothing is.
template <class Links>
[[nodiscard]] Links* NTAPI inner_neighbour(Links& of, Side side) noexcept {
  Links* const beneath = child(of, side);
  return beneath != nullptr ? &outermost(*beneath, opposite(side)) : nullptr;
}

// The same in all of the tree. What is its own parent ends it, and counts if it has a child on the
// other side that leads here.
template <class Links>
[[nodiscard]] Links* NTAPI neighbour(Links& of, Side side) noexcept {
  if (Links* const beneath = inner_neighbour(of, side)) return beneath;
  Links* at = &of;
  while (at->Parent != at && side_of(*at) == side) at = at->Parent;
  return at->Parent != at ? at->Parent : nullptr;
}

// `links`, which has two children, gives its place to what follows it. Returns what is then to be
// taken as the parent of the hole that this leaves, and says on which side it is.
template <class Links>
[[nodiscard]] Links& NTAPI replace_by_heir(Links& links, Links& heir, Side& hole) noexcept {
  Links& parent = *heir.Parent;
  hole = side_of(heir);
  attach(parent, hole, heir.RightChild);
  attach(heir, Side::left, links.LeftChild);
  attach(heir, Side::right, links.RightChild);
  return &parent == &links ? heir : parent;
}

}  // namespace mica::rtl
