// Who reads a pointer counts itself in the node and looks again whether the pointer is the same.
// The node may have been freed in between; letting go of it then frees it once more. The correction
// keeps in the count that somebody has claimed the node already.
//   Valois' method of 1995; Michael, Scott, "Correction of a memory management method for lock-free
//   data structures", University of Rochester, technical report 599, 1995.
#include "parts.hpp"

using namespace mica::explore;

namespace {

// With the correction: twice the count, and one for a node that is claimed.
template <bool mended>
struct Node {
  std::atomic<int> references{2};
  std::atomic<int> freed{0};

  void hold() noexcept { references.fetch_add(2); }
  void release() noexcept {
    int seen = references;
    if constexpr (!mended) {
      if (references.fetch_sub(2) == 2) ++freed;
      return;
    }
    while (!references.compare_exchange_strong(seen, seen == 2 ? 1 : seen - 2)) {
    }
    if (seen == 2) ++freed;
  }
};

template <bool mended>
void read_and_remove(Window& window) {
  Node<mended> node;
  std::atomic<Node<mended>*> head{&node};
  auto program = [&](unsigned number) {
    if (number == 1) {
      head = nullptr;
      return node.release();
    }
    Node<mended>* const seen = head;
    if (seen == nullptr) return;
    seen->hold();
    if (seen == head) MICA_CHECK(node.freed == 0);
    seen->release();
  };
  run_high(window, 2, program);
  MICA_CHECK(node.freed == 1);
}

}  // namespace

MICA_PUBLISHED("Published: a reader's count frees a node that was freed", read_and_remove,
               .id = "reference-count", .system = "Valois' lock-free lists",
               .bug = "a node that was freed is counted up, down, and freed again",
               .described = "Michael, Scott, TR 599, 1995",
               .address = "https://www.cs.rochester.edu/~scott/papers/1995_TR599.pdf",
               .verdict = Verdict::assertion)
