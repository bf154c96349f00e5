// The graph of lock classes against sets of classes and edges.
#include "ke/lock_graph.hpp"

#include <rapidcheck.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "ke/steps.hpp"

using namespace mica::ke;

namespace {

void const* key_of(std::size_t number) {
  return reinterpret_cast<void const*>(0x1000 + 0x40 * number);
}

struct Pair {
  std::unique_ptr<LockGraph> graph = std::make_unique<LockGraph>();
  std::map<std::pair<std::size_t, bool>, LockIndex> classes;
  std::set<std::pair<LockIndex, LockIndex>> edges;

  [[nodiscard]] std::optional<LockIndex> nth(std::size_t number) const {
    if (classes.empty()) return {};
    return std::next(classes.begin(), static_cast<std::ptrdiff_t>(number % classes.size()))->second;
  }

  [[nodiscard]] bool is_place(LockIndex index) const {
    for (auto const& [key, one] : classes)
      if (one == index) return key.second;
    return false;
  }

  void make(std::size_t number, bool place) {
    auto const kind = place ? LockKind::push_lock : LockKind::mutant;
    LockIndex const index = graph->class_of(key_of(number), place, kind);
    auto const [known, made] = classes.emplace(std::pair{number, place}, index);
    RC_ASSERT(known->second == index);
    RC_ASSERT((*graph)[index].kind == kind);
    if (made) RC_ASSERT((*graph)[index].levels.held_at_plus_1 == 0);
  }

  void connect(LockIndex from, LockIndex to) {
    bool const known = edges.contains({from, to});
    RC_ASSERT((graph->edge_between(from, to) != 0) == known);
    if (known || from == to) return;
    RC_ASSERT(graph->connect({.next = 0,
                              .from = from,
                              .to = to,
                              .outer = {},
                              .inner = {key_of(to), nullptr},
                              .outer_kind = {},
                              .inner_kind = {},
                              .thread = nullptr}));
    edges.emplace(from, to);
  }

  void forget(LockIndex index) {
    graph->forget(index);
    std::erase_if(classes, [&](auto const& one) { return one.second == index; });
    std::erase_if(edges, [&](auto const& e) { return e.first == index || e.second == index; });
  }

  // How many edges away each class is; those that cannot be reached are left out.
  [[nodiscard]] std::map<LockIndex, int> distances(LockIndex from, LockGraph::By by) const {
    std::map<LockIndex, int> found{{from, 0}};
    std::deque<LockIndex> left{from};
    for (; !left.empty(); left.pop_front())
      for (auto const& [tail, head] : edges)
        if (tail == left.front() && (by == LockGraph::By::places || !is_place(head)))
          if (found.emplace(head, found.at(tail) + 1).second) left.push_back(head);
    return found;
  }

  void check_way_back(LockIndex from, LockIndex to, int distance) const {
    for (LockIndex by = (*graph)[to].came_by; by != 0;
         by = (*graph)[graph->edge(by).from].came_by) {
      RC_ASSERT(graph->edge(by).to == to);
      RC_ASSERT(edges.contains({graph->edge(by).from, to}));
      to = graph->edge(by).from;
      --distance;
    }
    RC_ASSERT(to == from);
    RC_ASSERT(distance == 0);
  }

  void check() const {
    for (std::size_t number = 0; number < 8; ++number)
      for (bool const place : {false, true}) {
        auto const known = classes.find({number, place});
        RC_ASSERT(graph->find(key_of(number), place) ==
                  (known == classes.end() ? LockIndex{0} : known->second));
      }
    for (auto const& [ignored, from] : classes)
      for (auto const by : {LockGraph::By::locks, LockGraph::By::places}) {
        auto const reached = distances(from, by);
        for (auto const& [unused, to] : classes) {
          auto const wanted = reached.find(to);
          RC_ASSERT(graph->leads(from, to, by) == (wanted != reached.end()));
          if (wanted != reached.end()) check_way_back(from, to, wanted->second);
        }
      }
    check_conflict();
  }

  void check_conflict() const {
    LockGraph::Conflict const found = graph->conflict();
    auto const is_conflict = [&](LockIndex taken, LockIndex held) {
      KIRQL const level = (*graph)[taken].levels.taken_from;
      return taken != held && level != 0 && (*graph)[held].levels.open_to(level) &&
             distances(taken, LockGraph::By::locks).contains(held);
    };
    if (found.held != 0) {
      RC_ASSERT(is_conflict(found.taken, found.held));
      check_way_back(found.taken, found.held,
                     distances(found.taken, LockGraph::By::locks).at(found.held));
      return;
    }
    for (auto const& [ignored, taken] : classes)
      for (auto const& [unused, held] : classes) RC_ASSERT(!is_conflict(taken, held));
  }
};

LockEdge edge_of(LockIndex from, LockIndex to) {
  return {.next = 0,
          .from = from,
          .to = to,
          .outer = {},
          .inner = {},
          .outer_kind = {},
          .inner_kind = {},
          .thread = nullptr};
}

}  // namespace

TEST_CASE("ke: a graph of lock classes has the classes, edges and ways of its model") {
  REQUIRE(rc::check([] {
    Pair pair;
    for (std::size_t number = 0; number < 4; ++number) pair.make(number, false);
    for (mica::Step const& step : mica::any_steps(10, 8)) {
      auto const one = pair.nth(step.one), other = pair.nth(step.other);
      if (step.what == 0 || !one)
        pair.make(step.one, step.other % 3 == 0);
      else if (step.what == 1)
        pair.forget(*one);
      else if (step.what == 2)
        static_cast<void>(
            (*pair.graph)[*one].levels.note_held({}, static_cast<KIRQL>(step.other % 4)));
      else if (step.what == 3)
        static_cast<void>(
            (*pair.graph)[*one].levels.note_taken({}, static_cast<KIRQL>(step.other % 4)));
      else
        pair.connect(*one, *other);
      pair.check();
    }
  }));
}

TEST_CASE("ke: what interrupts take is the highest level, what is held the lowest") {
  LockLevels levels{};
  CHECK_FALSE(levels.open_to(HIGH_LEVEL));  // never held
  CHECK(levels.note_held({key_of(1), nullptr}, 3));
  CHECK_FALSE(levels.note_held({key_of(2), nullptr}, 3));
  CHECK(levels.held.lock == key_of(1));
  CHECK_FALSE(levels.open_to(3));
  CHECK(levels.open_to(4));
  CHECK(levels.note_held({key_of(3), nullptr}, 2));
  CHECK(levels.held.lock == key_of(3));
  CHECK(levels.open_to(3));
  CHECK_FALSE(levels.note_held({key_of(1), nullptr}, 4));
  CHECK(levels.note_taken({key_of(1), nullptr}, 2));
  CHECK_FALSE(levels.note_taken({key_of(2), nullptr}, 2));
  CHECK(levels.taken.lock == key_of(1));
  CHECK(levels.note_taken({key_of(2), nullptr}, 5));
  CHECK(levels.taken.lock == key_of(2));
  CHECK(levels.taken_from == 5);
}

TEST_CASE("ke: what a forgotten class of locks led to makes room") {
  auto const graph = std::make_unique<LockGraph>();
  LockIndex const inner = graph->class_of(key_of(0), false, LockKind::mutant);
  for (std::size_t i = 0; i <= most_lock_edges; ++i) {
    LockIndex const outer = graph->class_of(key_of(1), false, LockKind::mutant);
    REQUIRE(graph->connect(edge_of(outer, inner)));
    graph->forget(outer);
  }
}

TEST_CASE("ke: a graph of lock classes is full at its sizes, and what is forgotten makes room") {
  auto const graph = std::make_unique<LockGraph>();
  std::vector<LockIndex> classes;
  for (std::size_t i = 0; i < most_lock_classes; ++i) {
    classes.push_back(graph->class_of(key_of(i), false, LockKind::spin_lock));
    REQUIRE(classes.back() != 0);
  }
  CHECK(std::set<LockIndex>(classes.begin(), classes.end()).size() == most_lock_classes);
  CHECK(graph->class_of(key_of(most_lock_classes), false, LockKind::spin_lock) == 0);
  for (std::size_t i = 0; i < most_lock_edges; ++i)
    REQUIRE(graph->connect(edge_of(classes[i % 4], classes[i / 4 + 4])));
  CHECK_FALSE(graph->connect(edge_of(classes[0], classes[4000])));
  // Each of these has four edges that lead to it.
  for (std::size_t i = 5; i < most_lock_classes; i += 3) graph->forget(classes[i]);
  for (std::size_t i = 0; i < most_lock_classes; ++i) {
    bool const kept = i < 5 || i % 3 != 2;
    REQUIRE(graph->find(key_of(i), false) == (kept ? classes[i] : LockIndex{0}));
    if (kept && i >= 4 && i < 4 + most_lock_edges / 4)
      REQUIRE(graph->edge_between(classes[i % 4], classes[i]) != 0);
  }
  LockIndex const again = graph->class_of(key_of(most_lock_classes), false, LockKind::mutant);
  REQUIRE(again != 0);
  CHECK((*graph)[again].edges == 0);
  CHECK(graph->connect(edge_of(again, classes[0])));
  CHECK(graph->leads(again, classes[4], LockGraph::By::locks));
}
