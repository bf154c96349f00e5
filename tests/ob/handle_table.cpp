// Properties of handle tables against a reference model, and under contention.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <rapidcheck.h>

#include <atomic>
#include <map>
#include <vector>

#include "catch.hpp"
#include "ob/state.hpp"

using namespace mica;

namespace {

constexpr unsigned object_count = 5;
constexpr ULONG tag = ob::pool_tag("test");

// A table of its own, and objects that only it and this hold.
class Rig {
 public:
  Rig() noexcept
      : table_{static_cast<ob::HandleTable*>(
            ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(ob::HandleTable), tag))} {
    for (ob::Header*& object : objects_) {
      object =
          &ob::header_of(ob::allocate_object(ob::state().directory_type, sizeof(ob::Directory)));
      ob::initialize_directory(*static_cast<ob::Directory*>(object->body()));
    }
  }
  Rig(Rig const&) = delete;
  Rig& operator=(Rig const&) = delete;
  ~Rig() {
    table_->destroy();
    ExFreePoolWithTag(table_, tag);
    for (ob::Header* const object : objects_) ob::dereference(*object);
  }

  [[nodiscard]] ob::HandleTable& table() noexcept { return *table_; }
  [[nodiscard]] ob::Header& object(std::size_t i) noexcept { return *objects_[i % object_count]; }
  [[nodiscard]] bool untouched() noexcept {
    bool alone = table_->count() == 0;
    for (ob::Header const* const object : objects_) alone = alone && object->references == 1;
    return alone;
  }
  [[nodiscard]] ULONG open(ob::Header& object, ACCESS_MASK access, ULONG attributes) noexcept {
    ob::reference(object);
    ULONG handle = 0;
    return NT_SUCCESS(table_->insert({&object, access, attributes}, &handle)) ? handle : 0;
  }
  NTSTATUS close(ULONG handle) noexcept {
    ob::Header* object = nullptr;
    NTSTATUS const status = table_->remove(handle, &object);
    if (NT_SUCCESS(status)) ob::dereference(*object);
    return status;
  }

 private:
  ob::HandleTable* table_;
  ob::Header* objects_[object_count];
};

// What a table promises: every handle that was ever given out, and what it stands for while open.
class Model {
 public:
  explicit Model(Rig& rig) noexcept : rig_{rig} {}

  void operate(std::uint64_t random) {
    std::uint64_t const choice = random % 8;
    random /= 8;
    if (choice < 3 || ever_.empty()) return open(random);
    ULONG const handle = ever_[random % ever_.size()];
    if (choice < 5) return resolve(handle);
    if (choice < 7) return close(handle);
    set_attributes(handle, random >> 32 & 1 ? OBJ_PROTECT_CLOSE : OBJ_INHERIT);
  }

  void close_all() {
    for (ULONG const handle : ever_) {
      set_attributes(handle, 0);
      close(handle);
      resolve(handle);
    }
  }
  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  void expect(bool holds) noexcept { holds_ = holds_ && holds; }

  void open(std::uint64_t random) {
    ob::Grant const grant{&rig_.object(random), static_cast<ACCESS_MASK>(random >> 8),
                          random >> 40 & 1 ? ULONG{OBJ_INHERIT} : 0};
    ULONG const handle = rig_.open(*grant.object, grant.access, grant.attributes);
    expect(handle != 0 && handle % 4 == 0 && !open_.contains(handle));
    for (ULONG const old : ever_) expect(old != handle);
    open_[handle] = grant;
    ever_.push_back(handle);
  }
  void resolve(ULONG handle) {
    ob::Grant grant{};
    bool const found = rig_.table().resolve(handle, &grant);
    auto const known = open_.find(handle);
    expect(found == (known != open_.end()));
    if (!found) return;
    ob::dereference(*grant.object);
    if (known == open_.end()) return;
    expect(grant.object == known->second.object && grant.access == known->second.access &&
           grant.attributes == known->second.attributes);
  }
  void close(ULONG handle) {
    auto const known = open_.find(handle);
    NTSTATUS const status = rig_.close(handle);
    if (known == open_.end()) return expect(status == STATUS_INVALID_HANDLE);
    bool const kept = (known->second.attributes & OBJ_PROTECT_CLOSE) != 0;
    expect(status == (kept ? STATUS_HANDLE_NOT_CLOSABLE : STATUS_SUCCESS));
    if (!kept) open_.erase(known);
  }
  void set_attributes(ULONG handle, ULONG attributes) {
    auto const known = open_.find(handle);
    expect(rig_.table().set_attributes(handle, attributes) == (known != open_.end()));
    if (known != open_.end()) known->second.attributes = attributes;
  }

  Rig& rig_;
  std::map<ULONG, ob::Grant> open_;
  std::vector<ULONG> ever_;
  bool holds_ = true;
};

// Threads resolve and close the same handles until all are closed.
bool contend(Config const& config) {
  constexpr unsigned threads = 4;
  constexpr unsigned handles = 40;
  bool held = false;
  System system{config};
  system.run([&] {
    Rig rig;
    ULONG opened[handles];
    for (unsigned i = 0; i < handles; ++i) opened[i] = rig.open(rig.object(i), 1, 0);
    std::atomic<unsigned> closed{0};
    std::atomic<bool> sound{true};
    auto body = [&] {
      for (unsigned i = 0; i < 4 * handles; ++i) {
        ULONG const handle = opened[i % handles];
        for (int n = 0; n < 3; ++n) {
          ob::Grant grant{};
          if (!rig.table().resolve(handle, &grant)) continue;
          if (grant.object != &rig.object(i % handles) || grant.access != 1) sound = false;
          ob::dereference(*grant.object);
        }
        if (i >= 3 * handles && rig.close(handle) == STATUS_SUCCESS) ++closed;
      }
    };
    test::Thread* started[threads];
    for (unsigned i = 0; i < threads; ++i) {
      started[i] = test::start(body, {.processor = static_cast<int>(i)});
    }
    for (test::Thread* const thread : started) test::join(thread);
    held = sound && closed == handles && rig.untouched();
  });
  return held;
}

}  // namespace

TEST_CASE("handle table: it is what its model is", "[ob]") {
  CHECK(rc::check([] {
    auto const randoms =
        *rc::gen::container<std::vector<std::uint64_t>>(600, rc::gen::arbitrary<std::uint64_t>());
    bool held = false;
    System system;
    system.run([&] {
      Rig rig;
      Model model{rig};
      for (std::uint64_t const random : randoms) model.operate(random);
      model.close_all();
      held = model.holds() && rig.untouched();
    });
    RC_ASSERT(held);
  }));
}

TEST_CASE("handle table: a slot rests while others are free, and serves 32 generations", "[ob]") {
  constexpr unsigned slots = 255;  // of the first leaf; slot 0 is never used
  constexpr unsigned generations = 32;
  bool held = true;
  System system;
  system.run([&] {
    Rig rig;
    std::map<ULONG, unsigned> born;
    for (unsigned i = 0; i <= slots * generations; ++i) {
      ULONG const handle = rig.open(rig.object(i), 1, 0);
      auto const [before, fresh] = born.emplace(handle, i);
      held = held && fresh == (i < slots * generations);
      if (!fresh) held = held && before->second == 0;
      held = held && rig.close(handle) == STATUS_SUCCESS;
    }
    held = held && rig.untouched();
  });
  CHECK(held);
}

TEST_CASE("handle table: it grows leaf by leaf, and every handle stays good", "[ob]") {
  constexpr unsigned count = 140'000;  // more than one middle level of 512 leaves
  bool held = true;
  System system;
  system.run([&] {
    Rig rig;
    std::vector<ULONG> handles(count);
    for (unsigned i = 0; i < count; ++i) handles[i] = rig.open(rig.object(i), i, 0);
    held = rig.table().count() == count;
    for (unsigned i = 0; i < count; ++i) {
      ob::Grant grant{};
      bool const found = rig.table().resolve(handles[i], &grant);
      held = held && found && grant.object == &rig.object(i) && grant.access == i;
      if (found) ob::dereference(*grant.object);
      held = held && rig.close(handles[i]) == STATUS_SUCCESS;
    }
    held = held && rig.untouched();
  });
  CHECK(held);
}

TEST_CASE("handle table: resolving and closing at once lose no reference", "[ob]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) CHECK(contend({.processors = 4, .seed = seed}));
  CHECK(contend({.processors = 4, .mode = Mode::parallel}));
}
