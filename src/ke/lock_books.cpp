#include "ke/lock_books.hpp"

#include "rtl/line.hpp"

namespace mica::ke {

Books::Books() noexcept
    : level_{Machine::irql()},
      old_{Machine::raise(HIGH_LEVEL)},
      processor_{current()},
      state_{processor_.ke->lock_checks},
      thread_{current_thread()} {
  state_.lock.lock_at_dispatch();
  tables_ = state_.tables;
  context_ = processor_.serving.load(std::memory_order_relaxed);
  if (context_ == 0 && processor_.in_dpc.load(std::memory_order_relaxed)) context_ = DISPATCH_LEVEL;
}

Books::~Books() {
  bool const full_now = tables_ != nullptr && tables_->full_now();
  state_.lock.unlock_at_dispatch();
  Machine::lower(old_);
  if (full_now)
    rtl::Line{} << "mica: deadlock detection has no room for more locks: what is new takes no part";
  if (report.found) tell(report);
}

template <class Note>
bool Books::note(LockIndex lock, Note note) noexcept {
  KnownLock& known = (*tables_)[lock];
  bool const news = note(known.levels);
  if (known.by_itself != 0) static_cast<void>(note(tables_->graph[known.by_itself].levels));
  return news;
}

LockIndex NTAPI Books::learn(LockUse const& use, void const* place) noexcept {
  LockIndex const lock = tables_->learn(use.lock, use.kind, place);
  if (lock != 0) state_.watch(use.lock);
  return lock;
}

// A lock on a stack that no routine has initialised cannot be told from one that stood there
// before.
LockIndex NTAPI Books::know(LockUse const& use) noexcept {
  LockIndex const known = tables_->find(use.lock);
  if (known != 0) {
    if ((*tables_)[known].kind == use.kind) return known;
    if ((*tables_)[known].holders != 0) return known;
    tables_->forget(known);
  }
  hal::Stack const stack = thread_.stack_in_use;
  auto const offset = as_parameter(use.lock) - as_parameter(stack.base);
  return offset < stack.bytes ? LockIndex{0} : learn(use, nullptr);
}

bool NTAPI Books::note_held(LockIndex lock, LockPlace const& place, KIRQL level) noexcept {
  return note(lock, [&](LockLevels& levels) { return levels.note_held(place, level); });
}

bool NTAPI Books::note_taken(LockIndex lock, LockPlace const& place) noexcept {
  return note(lock, [&](LockLevels& levels) { return levels.note_taken(place, context_); });
}

bool NTAPI Books::is_circle(LockEdge const& edge) noexcept {
  auto const joined = [&](void const* one, void const* other) {
    return one == other || tables_->find(one) == 0 || tables_->find(other) == 0;
  };
  LockGraph& graph = tables_->graph;
  void const* next = edge.outer.lock;
  for (LockIndex by = graph[edge.from].came_by; by != 0; by = graph[graph.edge(by).from].came_by) {
    if (!joined(graph.edge(by).inner.lock, next)) return false;
    next = graph.edge(by).outer.lock;
  }
  return joined(next, edge.inner.lock);
}

Books::Order NTAPI Books::note_edge(LockTables::Classes classes, LockEdge edge,
                                    LockGraph::By by) noexcept {
  if (classes.outer == 0 || classes.inner == 0) return Order::known;
  LockGraph& graph = tables_->graph;
  if (graph.edge_between(classes.outer, classes.inner) != 0) return Order::known;
  edge.from = classes.outer;
  edge.to = classes.inner;
  if (!graph.leads(classes.inner, classes.outer, by)) {
    if (graph.connect(edge)) return Order::news;
    tables_->full();
    return Order::known;
  }
  if (!is_circle(edge)) return Order::known;
  report.add(edge);
  for (LockIndex back = graph[classes.outer].came_by; back != 0;
       back = graph[graph.edge(back).from].came_by)
    report.add(graph.edge(back));
  return Order::circle;
}

Books::Order NTAPI Books::note_order(LockIndex lock, LockUse const& use,
                                     HeldLock const& outer) noexcept {
  LockIndex const held = tables_->find(outer.place.lock);
  LockEdge const edge{.next = 0,
                      .from = 0,
                      .to = 0,
                      .outer = outer.place,
                      .inner = place_of(use),
                      .outer_kind = outer.kind,
                      .inner_kind = use.kind,
                      .thread = &thread_};
  Order const own = note_edge(tables_->own_classes(held, lock), edge, LockGraph::By::locks);
  if (own != Order::news) return own;
  Order const places = note_edge(tables_->place_classes(held, lock), edge, LockGraph::By::places);
  return places == Order::circle ? places : own;
}

void Books::report_levels(Rule rule, LockKind taken_kind, LockLevels const& taken,
                          LockKind held_kind, LockLevels& held) noexcept {
  report.set(rule, held.held.lock);
  report.taken = taken.taken;
  report.taken_kind = taken_kind;
  report.taken_from = taken.taken_from;
  report.held = held.held;
  report.held_kind = held_kind;
  report.held_at = static_cast<KIRQL>(held.held_at_plus_1 - 1);
  report.parameters[1] = report.taken_from;
  report.parameters[2] = report.held_at;
  held.held_at_plus_1 = 0;  // what was told is not told again
}

// The lock by itself; then what is taken inside of what interrupts take.
void NTAPI Books::judge_levels(Rule rule, LockIndex lock) noexcept {
  KnownLock& known = (*tables_)[lock];
  if (known.levels.open_to(known.levels.taken_from))
    return report_levels(rule, known.kind, known.levels, known.kind, known.levels);
  LockGraph& graph = tables_->graph;
  auto const found = graph.conflict();
  if (found.held == 0) return;
  LockClass& held = graph[found.held];
  report_levels(rule, graph[found.taken].kind, graph[found.taken].levels, held.kind, held.levels);
  for (LockIndex by = held.came_by; by != 0; by = graph[graph.edge(by).from].came_by)
    report.add(graph.edge(by));
}

void Books::misuse(Rule rule, LockUse const& use, HeldLock const& held, void const* second,
                   void const* third) noexcept {
  report.set(rule, second, third);
  report.taken = place_of(use);
  report.taken_kind = use.kind;
  report.held = held.place;
  report.held_kind = held.kind;
}

}  // namespace mica::ke
