// Splay trees.            [MSDN RtlSplay, RtlDelete, RtlDeleteNoSplay, RtlRealSuccessor, ...]
#include <nt/rtl.h>
#include <mica/test.hpp>

#include <initializer_list>

using namespace mica::test;

namespace {

//        3
//      /   \.
//     1     5
//    / \   / \.
//   0   2 4   6
struct Tree {
  RTL_SPLAY_LINKS links[7];
  Tree() noexcept {
    for (RTL_SPLAY_LINKS& each : links) RtlInitializeSplayLinks(&each);
    RtlInsertAsLeftChild(&links[3], &links[1]);
    RtlInsertAsRightChild(&links[3], &links[5]);
    RtlInsertAsLeftChild(&links[1], &links[0]);
    RtlInsertAsRightChild(&links[1], &links[2]);
    RtlInsertAsLeftChild(&links[5], &links[4]);
    RtlInsertAsRightChild(&links[5], &links[6]);
  }
  // The numbers that are there follow one another both ways, and parents know their children.
  void check(RTL_SPLAY_LINKS* root, unsigned there) noexcept {
    MICA_REQUIRE((root == nullptr) == (there == 0));
    if (root == nullptr) return;
    MICA_CHECK(RtlIsRoot(root));
    RTL_SPLAY_LINKS* before = nullptr;
    for (unsigned i = 0; i < 7; ++i) {
      if ((there >> i & 1) == 0) continue;
      RTL_SPLAY_LINKS* const at = &links[i];
      MICA_CHECK(RtlRealPredecessor(at) == before);
      if (before != nullptr) MICA_CHECK(RtlRealSuccessor(before) == at);
      MICA_CHECK(RtlIsRoot(at) == (at == root));
      if (at != root) MICA_CHECK(RtlIsLeftChild(at) != RtlIsRightChild(at));
      before = at;
    }
    MICA_CHECK(RtlRealSuccessor(before) == nullptr);
  }
};

}  // namespace

MICA_CASE("Rtl: what is splayed is the root, and the order stays") {
  for (unsigned i = 0; i < 7; ++i) {
    Tree tree;
    MICA_CHECK(RtlSplay(&tree.links[i]) == &tree.links[i]);
    tree.check(&tree.links[i], 0x7F);
  }
}

MICA_CASE("Rtl: splaying halves the way to what stood in a line") {
  Tree tree;
  // 6 is beneath 5 beneath 3, all right children: its parent goes up first.
  MICA_CHECK(RtlSplay(&tree.links[6]) == &tree.links[6]);
  MICA_CHECK(RtlLeftChild(&tree.links[6]) == &tree.links[5]);
  MICA_CHECK(RtlLeftChild(&tree.links[5]) == &tree.links[3]);
  MICA_CHECK(RtlRightChild(&tree.links[3]) == &tree.links[4]);
  Tree other;
  // 2 is the right child of a left one: both of those become its children.
  MICA_CHECK(RtlSplay(&other.links[2]) == &other.links[2]);
  MICA_CHECK(RtlLeftChild(&other.links[2]) == &other.links[1]);
  MICA_CHECK(RtlRightChild(&other.links[2]) == &other.links[3]);
}

MICA_CASE("Rtl: neighbours beneath a node of a splay tree") {
  Tree tree;
  MICA_CHECK(RtlSubtreeSuccessor(&tree.links[3]) == &tree.links[4]);
  MICA_CHECK(RtlSubtreePredecessor(&tree.links[3]) == &tree.links[2]);
  MICA_CHECK(RtlSubtreeSuccessor(&tree.links[2]) == nullptr);
  MICA_CHECK(RtlSubtreePredecessor(&tree.links[4]) == nullptr);
  tree.check(&tree.links[3], 0x7F);
}

MICA_CASE("Rtl: what is deleted from a splay tree is gone, and its parent is the root") {
  for (unsigned i = 0; i < 7; ++i) {
    Tree tree;
    tree.check(RtlDelete(&tree.links[i]), 0x7Fu & ~(1u << i));
  }
  Tree tree;
  MICA_CHECK(RtlDelete(&tree.links[0]) == &tree.links[1]);
  MICA_CHECK(RtlDelete(&tree.links[4]) == &tree.links[5]);
  unsigned there = 0x7F & ~0x11;
  for (unsigned const i : {3, 1, 6, 2, 5}) {
    there &= ~(1u << i);
    tree.check(RtlDelete(&tree.links[i]), there);
  }
}

MICA_CASE("Rtl: deleting without splaying changes the root only if that goes") {
  for (unsigned i = 0; i < 7; ++i) {
    Tree tree;
    RTL_SPLAY_LINKS* root = &tree.links[3];
    RtlDeleteNoSplay(&tree.links[i], &root);
    MICA_CHECK((root == &tree.links[3]) == (i != 3));
    tree.check(root, 0x7Fu & ~(1u << i));
  }
  RTL_SPLAY_LINKS only;
  RtlInitializeSplayLinks(&only);
  RTL_SPLAY_LINKS* root = &only;
  RtlDeleteNoSplay(&only, &root);
  MICA_CHECK(root == nullptr);
}
