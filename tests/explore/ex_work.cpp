// E2: a work item is called once for each time it was queued, whoever finds it; E3: once a callback
// was taken back it is not called, and what it used may go.
#include <nt/ex.h>

#include "conformance/ob_support.hpp"
#include "together.hpp"

using namespace mica::explore;

namespace {

// An item that counts its calls; what is written before it is queued its routine sees.
struct Errand {
  WORK_QUEUE_ITEM item;
  KEVENT done;
  int prepared = 0;  // plain
  int calls = 0;     // plain
  int again = 0;

  Errand() noexcept {
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, perform, this);
  }
  void queue(WORK_QUEUE_TYPE type = DelayedWorkQueue) noexcept {
    ++prepared;
    ExQueueWorkItem(&item, type);
  }
  void finish() noexcept { MICA_CHECK(wait(&done) == STATUS_SUCCESS); }
  void warm() noexcept {
    queue();
    finish();
    KeClearEvent(&done);
    mica::test::sleep(tick_100ns);  // its worker is idle
  }

 private:
  static VOID NTAPI perform(PVOID parameter) {
    auto& self = *static_cast<Errand*>(parameter);
    ++self.calls;
    MICA_CHECK(self.calls == self.prepared);
    if (self.again-- > 0) return self.queue(CriticalWorkQueue);
    KeSetEvent(&self.done, 0, FALSE);
  }
};

constexpr Together at_ease{.count = 2, .level = PASSIVE_LEVEL, .leaves = true};

}  // namespace

MICA_EXPLORE("E2-first", "E2: the first items of a System find workers", .processors = 2,
             .bound = 1) {
  Errand errands[2];
  auto program = [&](unsigned number) { errands[number].queue(); };
  run_together(window, at_ease, program);
  for (Errand& errand : errands) {
    errand.finish();
    MICA_CHECK(errand.calls == 1);
  }
}

MICA_EXPLORE("E2-idle", "E2: an idle worker is given one item, its next one waits for it",
             .processors = 2, .bound = 1) {
  Errand errands[2];
  errands[0].warm();
  auto program = [&](unsigned number) { errands[number].queue(); };
  run_together(window, at_ease, program);
  for (Errand& errand : errands) errand.finish();
  MICA_CHECK(errands[0].calls == 2 && errands[1].calls == 1);
}

MICA_EXPLORE("E2-again", "E2: an item that its routine queues again is called again",
             .processors = 2, .bound = 1) {
  Errand own, other;
  own.warm();
  own.again = 1;
  auto program = [&](unsigned number) { (number == 0 ? own : other).queue(BackgroundWorkQueue); };
  run_together(window, at_ease, program);
  own.finish();
  other.finish();
  MICA_CHECK(own.calls == 3 && other.calls == 1);
}

MICA_EXPLORE("E2-blocked", "E2: an item gets on while those before it wait for it", .processors = 2,
             .time_jumps = true) {
  struct Gate {
    KEVENT opened;
    std::atomic<int> through{0};
    WORK_QUEUE_ITEM items[3];
  } gate;
  KeInitializeEvent(&gate.opened, NotificationEvent, FALSE);
  auto pass = [](PVOID parameter) NTAPI {
    auto& here = *static_cast<Gate*>(parameter);
    wait(&here.opened);
    ++here.through;
  };
  for (WORK_QUEUE_ITEM& item : gate.items) ExInitializeWorkItem(&item, pass, &gate);
  Errand opener;
  auto first = [&] {
    ExQueueWorkItem(&gate.items[0], DelayedWorkQueue);
    ExQueueWorkItem(&gate.items[1], DelayedWorkQueue);
  };
  auto second = [&] {
    ExQueueWorkItem(&gate.items[2], DelayedWorkQueue);
    opener.queue();
    opener.finish();
    KeSetEvent(&gate.opened, 0, FALSE);
  };
  Team team{window};
  meet(team, first, second);
  mica::test::until([&] { return gate.through == 3; });
  MICA_CHECK(opener.calls == 1);
}

MICA_EXPLORE("E2-shortage", "E2: an item whose worker finds no memory is called later",
             .processors = 1, .bound = 2, .shortage = true) {
  Errand errand;
  window.open();
  errand.queue();
  window.close();
  errand.finish();
  MICA_CHECK(errand.calls == 1);
}

namespace {

// A routine, and what it needs: plain, guarded by nothing but its registration.
struct Listener {
  PVOID registration = nullptr;
  int data = 1;
  int heard = 0;

  static VOID NTAPI hear(PVOID context, PVOID, PVOID) {
    auto& self = *static_cast<Listener*>(context);
    self.heard += self.data;
  }
  void begin(PCALLBACK_OBJECT object) noexcept {
    registration = ExRegisterCallback(object, hear, this);
    MICA_CHECK(registration != nullptr);
  }
  void end() noexcept {
    ExUnregisterCallback(registration);
    data = 100;
  }
};

class Object {
 public:
  Object() noexcept {
    mica::test::Attributes attributes{u"\\Callback\\Explored"};
    MICA_CHECK(ExCreateCallback(&object_, attributes, TRUE, TRUE) == STATUS_SUCCESS);
  }
  ~Object() { ObDereferenceObject(object_); }
  Object(Object const&) = delete;
  Object& operator=(Object const&) = delete;
  operator PCALLBACK_OBJECT() const noexcept { return object_; }
  void notify() const noexcept { ExNotifyCallback(object_, nullptr, nullptr); }

 private:
  PCALLBACK_OBJECT object_ = nullptr;
};

}  // namespace

MICA_EXPLORE("E3-taken-back", "E3: a routine that was taken back is not called any more",
             .processors = 2, .bound = 2) {
  Object object;
  Listener first, second;
  first.begin(object);
  second.begin(object);
  auto program = [&](unsigned number) {
    if (number == 0) {
      object.notify();
    } else {
      first.end();
    }
  };
  run_together(window, at_ease, program);
  MICA_CHECK(first.heard <= 1 && second.heard == 1);
  second.end();
}

MICA_EXPLORE("E3-both", "E3: routines are taken back in any order while others are called",
             .processors = 2, .bound = 1) {
  Object object;
  Listener first, second;
  first.begin(object);
  second.begin(object);
  auto program = [&](unsigned number) {
    if (number == 0) {
      object.notify();
      second.end();
    } else {
      first.end();
    }
  };
  run_together(window, at_ease, program);
  MICA_CHECK(first.heard <= 1 && second.heard == 1);
}

MICA_EXPLORE("E3-registered", "E3: a routine finds what was written before it was registered",
             .processors = 2, .bound = 2) {
  Object object;
  Listener listener;
  auto program = [&](unsigned number) {
    if (number == 0) {
      object.notify();
      return;
    }
    point();
    listener.data = 7;
    listener.begin(object);
  };
  run_together(window, at_ease, program);
  MICA_CHECK(listener.heard == 0 || listener.heard == 7);
  listener.end();
}

MICA_EXPLORE("E3-three", "E3: two notify while the routine is taken back", .processors = 3) {
  Object object;
  std::atomic<int> heard{0};
  auto hear = [](PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<std::atomic<int>*>(context); };
  PVOID const registration = ExRegisterCallback(object, hear, &heard);
  MICA_CHECK(registration != nullptr);
  auto notifier = [&] { object.notify(); };
  auto owner = [&] {
    ExUnregisterCallback(registration);
    int const now = heard;
    point();
    MICA_CHECK(heard == now);
  };
  Team team{window};
  team.add(notifier, {.processor = 0});
  team.add(notifier, {.processor = 1});
  team.add(owner, {.processor = 2});
  team.run();
  MICA_CHECK(heard <= 2);
}

MICA_EXPLORE("E3-created", "E3: of two who make one callback object at once both have it",
             .processors = 2, .bound = 1) {
  PCALLBACK_OBJECT objects[2] = {};
  auto program = [&](unsigned number) {
    mica::test::Attributes attributes{u"\\Callback\\Both", OBJ_PERMANENT | OBJ_CASE_INSENSITIVE};
    MICA_CHECK(ExCreateCallback(&objects[number], attributes, TRUE, TRUE) == STATUS_SUCCESS);
  };
  run_together(window, at_ease, program);
  MICA_CHECK(objects[0] != nullptr && objects[0] == objects[1]);
  ObMakeTemporaryObject(objects[0]);
  for (PCALLBACK_OBJECT const object : objects) ObDereferenceObject(object);
}
