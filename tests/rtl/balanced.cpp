// Balanced trees stay balanced, whatever goes in and out.
#include "rtl/balanced.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <vector>

#include "catch.hpp"

using namespace mica::rtl;
using balanced::Links;

namespace {

struct Tree {
  static constexpr int most = 96;
  Links top{&top, nullptr, nullptr, 0, {}};
  std::array<Links, most> links{};
  std::array<bool, most> there{};
  int depth = 0;

  int number(Links const& of) const { return static_cast<int>(&of - links.data()); }

  void insert(int what) {
    Links* parent = &top;
    Side side = Side::right;
    for (Links* at = top.RightChild; at != nullptr; at = child(*at, side)) {
      parent = at;
      side = what < number(*at) ? Side::left : Side::right;
    }
    depth += balanced::insert(top, links[what], *parent, side) ? 1 : 0;
    there[what] = true;
  }
  void remove(int what) {
    depth -= balanced::remove(top, links[what]) ? 1 : 0;
    there[what] = false;
  }

  static constexpr int wrong = 1000;
  // How deep it is; `wrong`: somewhere siblings are not balanced, or do not know it.
  int depth_of(Links const* of, Links const& parent) const {
    if (of == nullptr) return 0;
    int const left = depth_of(of->LeftChild, *of);
    int const right = depth_of(of->RightChild, *of);
    bool const right_here = of->Parent == &parent && of->Balance == right - left;
    if (!right_here || of->Balance < -1 || of->Balance > 1) return wrong;
    return 1 + std::max(left, right);
  }
  // What is there follows one another on that side, and nothing else does.
  bool in_order(Side side) {
    Links* at = &top;
    for (int i = 0; i < most; ++i) {
      int const number = side == Side::right ? i : most - 1 - i;
      if (!there[number]) continue;
      at = balanced::next(top, *at, side);
      if (at != &links[number]) return false;
    }
    return balanced::next(top, *at, side) == nullptr;
  }
  bool holds() {
    return depth_of(top.RightChild, top) == depth && in_order(Side::left) && in_order(Side::right);
  }
};

}  // namespace

TEST_CASE("rtl: a balanced tree is balanced after every change") {
  REQUIRE(rc::check("numbers go in, or out if they are there", [] {
    Tree tree;
    for (int const number :
         *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, Tree::most))) {
      tree.there[number] ? tree.remove(number) : tree.insert(number);
      RC_ASSERT(tree.holds());
    }
  }));
}

TEST_CASE("rtl: a balanced tree of ascending numbers is balanced, up to its last") {
  Tree tree;
  for (int i = 0; i < Tree::most; ++i) {
    tree.insert(i);
    REQUIRE(tree.holds());
  }
  CHECK(tree.depth == 7);
  for (int i = 0; i < Tree::most; ++i) {
    tree.remove((i * 37) % Tree::most);
    REQUIRE(tree.holds());
  }
  CHECK(tree.depth == 0);
}
