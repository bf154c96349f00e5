// Splay trees: what has been looked for comes to the top, by rotations that halve its way.
//   [MSDN RtlSplay, RtlDelete, RtlDeleteNoSplay, RtlRealSuccessor and its relatives]
#include <nt/rtl/table.h>

#include "rtl/tree.hpp"

namespace mica::rtl {
namespace {

using Links = RTL_SPLAY_LINKS;

[[nodiscard]] bool is_root(Links const& links) noexcept {
  return links.Parent == &links;
}

// `links` is where `old` was, beneath its parent or as the root. Null: there nothing is.
void NTAPI take_place(Links& old, Links* links) noexcept {
  if (!is_root(old))
    attach(*old.Parent, side_of(old), links);
  else if (links != nullptr)
    links->Parent = links;
}

// It and its parent change places.
void NTAPI lift(Links& links) noexcept {
  Links& down = *links.Parent;
  Side const side = side_of(links);
  take_place(down, &links);
  attach(down, side, child(links, opposite(side)));
  attach(links, opposite(side), &down);
}

// Takes it out. Returns who was the parent of what has moved up; null: it was the root.
[[nodiscard]] Links* NTAPI take_out(Links& links) noexcept {
  if (links.LeftChild != nullptr && links.RightChild != nullptr) {
    Links& heir = outermost(*links.RightChild, Side::left);
    Side hole;
    Links& parent = replace_by_heir(links, heir, hole);
    take_place(links, &heir);
    return &parent;
  }
  Links* const only = links.LeftChild != nullptr ? links.LeftChild : links.RightChild;
  Links* const parent = is_root(links) ? only : links.Parent;
  take_place(links, only);
  return parent;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links) {
  while (!is_root(*Links)) {
    auto& parent = *Links->Parent;
    if (!is_root(parent)) lift(side_of(*Links) == side_of(parent) ? parent : *Links);
    lift(*Links);
  }
  return Links;
}

PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links) {
  auto* const parent = take_out(*Links);
  return parent != nullptr ? RtlSplay(parent) : nullptr;
}

VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS* Root) {
  auto* top = take_out(*Links);
  while (top != nullptr && !is_root(*top)) top = top->Parent;
  *Root = top;
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links) {
  return inner_neighbour(*Links, Side::right);
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links) {
  return inner_neighbour(*Links, Side::left);
}

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links) {
  return neighbour(*Links, Side::right);
}

PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links) {
  return neighbour(*Links, Side::left);
}
