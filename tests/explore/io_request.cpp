// I3: a request of a thread ends once, in its thread, and before it; whoever it is told to finds
// the result; and the file goes when the last of its requests has.
#include "conformance/file_support.hpp"
#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::FileEvent;
using mica::test::OpenedFile;
using mica::test::Server;

namespace {

// A read that the server keeps.
struct Read {
  IO_STATUS_BLOCK result{{mica::test::untouched}, 7};
  unsigned char data[1] = {};
  FileEvent event;

  void send(HANDLE file) noexcept {
    LARGE_INTEGER offset{};
    NTSTATUS const status =
        ZwReadFile(file, event, nullptr, nullptr, &result, data, sizeof data, &offset, nullptr);
    MICA_CHECK(status == STATUS_PENDING);
  }
  // It is over, by whatever won.
  void check(int completed, int cancelled) noexcept {
    MICA_CHECK(completed + cancelled == 1);
    MICA_CHECK(event.is_set());
    MICA_CHECK(result.Status == (completed == 1 ? STATUS_SUCCESS : STATUS_CANCELLED));
    MICA_CHECK(data[0] == (completed == 1 ? 0x42 : 0));
  }
};

// Completes what is kept; how many that were.
int complete_one(Server& server) noexcept {
  PIRP const irp = server.take();
  if (irp == nullptr) return 0;
  *mica::test::data_of(irp) = 0x42;
  mica::test::complete(irp, STATUS_SUCCESS, 1);
  return 1;
}

}  // namespace

MICA_EXPLORE("I3-end", "I3: of a completion and the end of its thread one ends a request, once",
             .processors = 2, .bound = 1, .leaks = true) {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  int completed = 0;
  {
    Team team{window};
    auto sender = [&] { read.send(file); };  // and ends
    auto completer = [&] { completed = complete_one(server); };
    meet(team, sender, completer);
  }
  read.check(completed, server->cancelled);
}

MICA_EXPLORE("I3-cancel",
             "I3: of a completion and a cancel from elsewhere one ends a request, once",
             .processors = 3, .leaks = true) {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  int completed = 0;
  std::atomic<bool> found{false};
  {
    Team team{window};
    auto sender = [&] {
      read.send(file);
      read.event.wait();
      MICA_CHECK(read.result.Status != mica::test::untouched);
    };
    auto completer = [&] {
      server.until_kept();
      completed = complete_one(server);
    };
    auto canceller = [&] {
      IO_STATUS_BLOCK result{};
      NTSTATUS const status = ZwCancelIoFileEx(file, &read.result, &result);
      found = status == STATUS_SUCCESS;
    };
    team.add(sender, {.processor = 0});
    team.add(completer, {.processor = 1});
    team.add(canceller, {.processor = 2});
    team.run();
  }
  read.check(completed, server->cancelled);
  MICA_CHECK(found || server->cancelled == 0);
}

MICA_EXPLORE("I3-all", "I3: of a completion, a cancel and the end of its thread one ends a request",
             .processors = 3, .leaks = true) {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  int completed = 0;
  {
    Team team{window};
    auto sender = [&] { read.send(file); };  // and ends
    auto completer = [&] { completed = complete_one(server); };
    auto canceller = [&] {
      IO_STATUS_BLOCK result{};
      static_cast<void>(ZwCancelIoFileEx(file, nullptr, &result));
    };
    team.add(canceller, {.processor = 2});
    meet(team, sender, completer);
  }
  read.check(completed, server->cancelled);
}

MICA_EXPLORE("I3-close", "I3: two completions race the close: the file goes after both, once",
             .processors = 3, .leaks = true) {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read reads[2];
  for (Read& read : reads) read.send(file);
  int completed[2] = {};
  {
    Team team{window};
    auto closer = [&] { file.close(); };
    auto one = [&] { completed[0] = complete_one(server); };
    auto other = [&] { completed[1] = complete_one(server); };
    team.add(closer, {.processor = 2});
    meet(team, one, other);
  }
  for (Read& read : reads) read.check(1, 0);
  MICA_CHECK(completed[0] == 1 && completed[1] == 1);
  MICA_CHECK(server->cleaned == 1 && server->closed == 1);
}

MICA_EXPLORE("I3-short", "I3: a request that finds no memory is none, and leaves nothing",
             .processors = 1, .bound = 2, .leaks = true, .shortage = true) {
  mica::test::Server server{DO_DIRECT_IO};
  OpenedFile file{mica::test::synchronous};
  auto* const data = static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'tseT'));
  MICA_REQUIRE(data != nullptr);
  Team team{window};
  auto asker = [&] {
    IO_STATUS_BLOCK result{};
    LARGE_INTEGER offset{};
    NTSTATUS const status =
        ZwWriteFile(file, nullptr, nullptr, nullptr, &result, data, 8, &offset, nullptr);
    MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES);
    MICA_CHECK(server->served == (status == STATUS_SUCCESS ? 1 : 0));
    MICA_CHECK(file.object()->Busy == 0);
  };
  team.add(asker, {.processor = 0});
  team.run();
  ExFreePool(data);
}

MICA_EXPLORE("I3-lock", "I3: a synchronous file serves one call at a time, and each gets its turn",
             .processors = 2, .bound = 1, .leaks = true) {
  struct Entered {
    std::atomic<int> now{0}, all{0};
  } entered;
  mica::test::Driver driver;
  mica::test::Text name{u"\\Device\\MicaFile"};
  static constexpr auto enter = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    auto& there = **static_cast<Entered**>(device->DeviceExtension);
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_FLUSH_BUFFERS) {
      MICA_CHECK(++there.now == 1);
      ++there.all;
      --there.now;
    }
    return mica::test::complete(irp, STATUS_SUCCESS);
  };
  for (PDRIVER_DISPATCH& entry : driver->MajorFunction) entry = enter;
  *static_cast<Entered**>(driver.make<Entered*>(name)->DeviceExtension) = &entered;
  OpenedFile file{mica::test::synchronous};
  {
    Team team{window};
    auto flusher = [&] {
      IO_STATUS_BLOCK result{};
      MICA_CHECK(ZwFlushBuffersFile(file, &result) == STATUS_SUCCESS);
    };
    meet(team, flusher, flusher);
  }
  MICA_CHECK(entered.all == 2);
}
