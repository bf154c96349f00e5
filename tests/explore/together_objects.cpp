// M1, O1: blocks and objects that processors meet on, without the way to them and back.
#include <nt/ex.h>

#include "conformance/ob_support.hpp"
#include "mm/state.hpp"
#include "together.hpp"

using namespace mica::explore;
using mica::test::Attributes;
using mica::test::Probe;
using mica::test::ProbeLog;
using mica::test::ProbeType;
using mica::test::Text;

namespace {

constexpr ULONG tag = 'lpxE';

unsigned char* allocate(std::size_t bytes) noexcept {
  auto* const block = static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag));
  MICA_REQUIRE(block != nullptr);
  return block;
}

// A block is allocated here and freed there, where another is allocated at once.
void hand_over(Window& window, std::size_t bytes) {
  std::atomic<unsigned char*> handed{nullptr};
  unsigned char* kept[2] = {};
  auto program = [&](unsigned number) {
    if (number == 0) {
      unsigned char* const block = allocate(bytes);
      block[0] = block[bytes - 1] = 1;
      handed = block;
      kept[0] = allocate(bytes);
      kept[0][0] = 2;
      return;
    }
    spin_while(handed, nullptr);
    unsigned char* const block = handed;
    MICA_CHECK(block[0] == 1 && block[bytes - 1] == 1);
    ExFreePoolWithTag(block, tag);
    mica::mm::trim_pools();
    kept[1] = allocate(bytes);
    kept[1][0] = 3;
  };
  run_together(window, {2}, program);
  MICA_CHECK(kept[0] != kept[1]);
  MICA_CHECK(kept[0][0] == 2 && kept[1][0] == 3);
  for (unsigned char* const block : kept) ExFreePoolWithTag(block, tag);
}

// An object with a name and one handle.
struct Named {
  ProbeType type;
  ProbeLog log{};
  Probe* probe;
  HANDLE handle = nullptr;

  Named() noexcept {
    Attributes attributes{u"\\Met"};
    probe = type.make(&log, attributes);
    MICA_REQUIRE(probe != nullptr);
    MICA_REQUIRE(ObInsertObject(probe, nullptr, 1, 0, nullptr, &handle) == STATUS_SUCCESS);
  }
  void close() noexcept { MICA_CHECK(ObCloseHandle(handle, KernelMode) == STATUS_SUCCESS); }
  void look_by_handle() noexcept {
    void* object = nullptr;
    NTSTATUS const status =
        ObReferenceObjectByHandle(handle, 1, type.get(), KernelMode, &object, nullptr);
    MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_INVALID_HANDLE);
    use(status, object);
  }
  void look_by_name() noexcept {
    Text path{u"\\Met"};
    void* object = nullptr;
    NTSTATUS const status = ObReferenceObjectByName(path, OBJ_CASE_INSENSITIVE, nullptr, 0,
                                                    type.get(), KernelMode, nullptr, &object);
    MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_NOT_FOUND);
    use(status, object);
  }
  void check_gone() noexcept {
    for (int i = 0; i < 100 && log.removed == 0; ++i)
      mica::test::sleep(mica::test::millisecond_100ns);
    MICA_CHECK(log.closed == 1);
    MICA_CHECK(log.removed == 1);
    MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
  }

 private:
  void use(NTSTATUS status, void* object) noexcept {
    if (status != STATUS_SUCCESS) return;
    MICA_CHECK(object == probe);
    MICA_CHECK(log.removed == 0);
    ObDereferenceObject(object);
  }
};

}  // namespace

MICA_EXPLORE("M1-small", "M1: a small block that is freed elsewhere is given out once",
             .processors = 2, .bound = 2) {
  hand_over(window, 48);
}

MICA_EXPLORE("M1-page", "M1: a page that is freed elsewhere is given out once", .processors = 2,
             .bound = 2) {
  hand_over(window, 4096);
}

MICA_EXPLORE("O1-close-lookup", "O1: of a close and lookups by handle and by name each is whole",
             .processors = 3, .bound = 1) {
  Named named;
  auto program = [&](unsigned number) {
    Passive passive;
    if (number == 0) return named.close();
    number == 1 ? named.look_by_handle() : named.look_by_name();
  };
  run_together(window, {.count = 3, .leaves = true}, program);
  named.check_gone();
}

MICA_EXPLORE("O1-last", "O1: of three dereferences at DISPATCH_LEVEL the last deletes",
             .processors = 3, .loop_free = true) {
  ProbeType type;
  ProbeLog log{};
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  for (int i = 0; i < 2; ++i) ObReferenceObject(probe);
  auto program = [&](unsigned) { ObDereferenceObject(probe); };
  run_together(window, {.count = 3, .leaves = true}, program);
  for (int i = 0; i < 100 && log.removed == 0; ++i)
    mica::test::sleep(mica::test::millisecond_100ns);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
}
