// O2: an object's security descriptor is replaced as a whole, whoever reads or judges by it.
#include "conformance/file_support.hpp"
#include "conformance/security_support.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::AccessList;
using mica::test::Attributes;
using mica::test::RelativeRoom;
using mica::test::Rights;
using mica::test::Server;
using mica::test::Sid;

namespace {

constexpr ACCESS_MASK narrow = READ_CONTROL, wide = READ_CONTROL | FILE_READ_DATA;

// A device with one entry in its list, and a handle to it.
struct Protected {
  Server server;
  HANDLE handle = nullptr;

  Protected() noexcept {
    MICA_REQUIRE(ObOpenObjectByPointer(server.device, OBJ_KERNEL_HANDLE, nullptr,
                                       READ_CONTROL | WRITE_DAC, *IoDeviceObjectType, KernelMode,
                                       &handle) == STATUS_SUCCESS);
    allow(narrow, 1);
  }
  ~Protected() { MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS); }
  Protected(Protected const&) = delete;
  Protected& operator=(Protected const&) = delete;

  // One to everyone, and so many that say nothing new.
  void allow(ACCESS_MASK mask, int entries) noexcept {
    Sid everyone{1, 0};
    AccessList list;
    for (int i = 0; i < entries; ++i) list.allow(mask, everyone);
    MICA_CHECK(ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, list) == STATUS_SUCCESS);
  }
};

}  // namespace

MICA_EXPLORE("O2-read", "O2: of a descriptor that is replaced the old one is read or the new",
             .processors = 2, .bound = 1) {
  Protected device;
  RelativeRoom room;
  ULONG length = 0;
  {
    Team team{window};
    auto reader = [&] {
      MICA_CHECK(ZwQuerySecurityObject(device.handle, DACL_SECURITY_INFORMATION, room.get(),
                                       sizeof room, &length) == STATUS_SUCCESS);
    };
    auto replacer = [&] { device.allow(wide, 3); };
    meet(team, reader, replacer);
  }
  Rights const rights{room.get()};
  MICA_CHECK(rights.count() == 1 || rights.count() == 3);
  for (ULONG i = 0; i < rights.count(); ++i)
    MICA_CHECK(rights.mask(i) == (rights.count() == 1 ? narrow : wide));
}

MICA_EXPLORE("O2-replace", "O2: of two who replace a descriptor the later one's is there",
             .processors = 2, .bound = 1) {
  Protected device;
  {
    Team team{window};
    auto one = [&] { device.allow(narrow, 2); };
    auto other = [&] { device.allow(wide, 3); };
    meet(team, one, other);
  }
  Rights const rights{device.server.device->SecurityDescriptor};
  MICA_CHECK(rights.count() == 2 || rights.count() == 3);
  MICA_CHECK(rights.mask(0) == (rights.count() == 2 ? narrow : wide));
}

MICA_EXPLORE("O2-judge", "O2: who opens is judged by the descriptor of before or after",
             .processors = 2, .bound = 1) {
  Protected device;
  NTSTATUS opened = STATUS_UNSUCCESSFUL;
  {
    Team team{window};
    auto opener = [&] {
      Attributes attributes{u"\\Device\\MicaFile", OBJ_CASE_INSENSITIVE | OBJ_FORCE_ACCESS_CHECK};
      IO_STATUS_BLOCK result{};
      HANDLE file = nullptr;
      opened = ZwOpenFile(&file, FILE_READ_DATA, attributes, &result, 0, 0);
      if (NT_SUCCESS(opened)) MICA_CHECK(ZwClose(file) == STATUS_SUCCESS);
    };
    auto replacer = [&] { device.allow(wide, 1); };
    meet(team, opener, replacer);
  }
  MICA_CHECK(opened == STATUS_SUCCESS || opened == STATUS_ACCESS_DENIED);
  MICA_CHECK(device.server->created == (opened == STATUS_SUCCESS ? 1 : 0));
}
