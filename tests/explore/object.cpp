// O1: an object is deleted once, after its last reference, at PASSIVE_LEVEL; a closed handle never
// resolves again.
#include "conformance/ob_support.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::Probe;
using mica::test::ProbeLog;
using mica::test::ProbeType;

MICA_EXPLORE("O1-references",
             "O1: the last of several dereferences deletes, once, at PASSIVE_LEVEL",
             .processors = 3) {
  ProbeType type;
  ProbeLog log{};
  log.removed_at = HIGH_LEVEL;
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  for (int i = 0; i < 2; ++i) ObReferenceObject(probe);
  auto user = [&] {
    ObReferenceObject(probe);
    MICA_CHECK(log.removed == 0);
    ObDereferenceObject(probe);
    ObDereferenceObject(probe);
  };
  auto dispatch_user = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    ObDereferenceObject(probe);
    KeLowerIrql(old);
  };
  {
    Team team{window};
    team.add(user, {.processor = 0});
    team.add(user, {.processor = 1});
    team.add(dispatch_user, {.processor = 2});
    team.run();
  }
  for (int i = 0; i < 100 && log.removed == 0; ++i)
    mica::test::sleep(mica::test::millisecond_100ns);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(log.removed_at == PASSIVE_LEVEL);
}

MICA_EXPLORE("O1-handle", "O1: of a close and a lookup each sees a whole object or none",
             .processors = 3) {
  ProbeType type;
  ProbeLog log{};
  Probe* const probe = type.make(&log);
  MICA_REQUIRE(probe != nullptr);
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObInsertObject(probe, nullptr, 1, 0, nullptr, &handle) == STATUS_SUCCESS);
  std::atomic<bool> closed{false};
  std::atomic<int> closes{0};
  auto user = [&] {
    for (int i = 0; i < 3; ++i) {
      bool const was_closed = closed;
      void* object = nullptr;
      NTSTATUS const status =
          ObReferenceObjectByHandle(handle, 1, type.get(), KernelMode, &object, nullptr);
      MICA_CHECK(status == STATUS_INVALID_HANDLE || (status == STATUS_SUCCESS && object == probe));
      if (was_closed) MICA_CHECK(status == STATUS_INVALID_HANDLE);
      if (status != STATUS_SUCCESS) return;
      MICA_CHECK(log.removed == 0);
      ObDereferenceObject(object);
    }
  };
  auto closer = [&] {
    closes += ObCloseHandle(handle, KernelMode) == STATUS_SUCCESS;
    closed = true;
  };
  {
    Team team{window};
    team.add(user, {.processor = 0});
    team.add(user, {.processor = 1});
    team.add(closer, {.processor = 2});
    team.run();
  }
  for (int i = 0; i < 100 && log.removed == 0; ++i)
    mica::test::sleep(mica::test::millisecond_100ns);
  MICA_CHECK(closes == 1);
  MICA_CHECK(log.closed == 1);
  MICA_CHECK(log.removed == 1);
}
