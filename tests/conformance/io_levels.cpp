// The level that routines of files and devices insist on is asked for before anything else.
//   [MSDN ZwReadFile, ZwDeviceIoControlFile, ZwCreateFile, ...: IRQL; MSDN Bug Check 0xA]
#include "file_support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

// Whether a call at the level just above `highest` stops the system, naming what it was called for.
template <class Call>
bool stops_above(KIRQL highest, void const* object, Call call) noexcept {
  KIRQL const level = highest + 1;
  Bugcheck const end = bugcheck_of([=] {
    static_cast<void>(KfRaiseIrql(level));
    call();
  });
  return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL &&
         end.parameters[0] == reinterpret_cast<ULONG_PTR>(object) && end.parameters[1] == level;
}

}  // namespace

MICA_CASE("Io: files are opened and asked at PASSIVE_LEVEL") {
  HANDLE const file = reinterpret_cast<HANDLE>(ULONG_PTR{0x44});
  static HANDLE opened;
  static IO_STATUS_BLOCK result;
  static LARGE_INTEGER begin;
  static char buffer[8];
  Attributes attributes{u"\\Device\\Null"};
  POBJECT_ATTRIBUTES const null_device = attributes;
  auto const stops = [&](void const* object, auto call) {
    return stops_above(PASSIVE_LEVEL, object, call);
  };
  MICA_CHECK(stops(&opened, [=] {
    ZwCreateFile(&opened, SYNCHRONIZE, null_device, &result, nullptr, 0, 0, FILE_OPEN, 0, nullptr,
                 0);
  }));
  MICA_CHECK(stops(&opened, [=] {
    NtCreateFile(&opened, SYNCHRONIZE, null_device, &result, nullptr, 0, 0, FILE_OPEN, 0, nullptr,
                 0);
  }));
  MICA_CHECK(stops(&opened, [=] { ZwOpenFile(&opened, SYNCHRONIZE, null_device, &result, 0, 0); }));
  MICA_CHECK(stops(&opened, [=] {
    IoCreateFile(&opened, SYNCHRONIZE, null_device, &result, nullptr, 0, 0, FILE_OPEN, 0, nullptr,
                 0, CreateFileTypeNone, nullptr, 0);
  }));
  for (auto* const transfer : {ZwReadFile, NtReadFile, ZwWriteFile, NtWriteFile})
    MICA_CHECK(stops(file, [=] {
      transfer(file, nullptr, nullptr, nullptr, &result, buffer, sizeof buffer, &begin, nullptr);
    }));
  for (auto* const control :
       {ZwDeviceIoControlFile, NtDeviceIoControlFile, ZwFsControlFile, NtFsControlFile})
    MICA_CHECK(stops(file, [=] {
      control(file, nullptr, nullptr, nullptr, &result, 0, nullptr, 0, nullptr, 0);
    }));
  for (auto* const ask :
       {ZwQueryInformationFile, NtQueryInformationFile, ZwSetInformationFile, NtSetInformationFile})
    MICA_CHECK(
        stops(file, [=] { ask(file, &result, buffer, sizeof buffer, FilePositionInformation); }));
  MICA_CHECK(stops(file, [=] { ZwFlushBuffersFile(file, &result); }));
  MICA_CHECK(stops(file, [=] { ZwCancelIoFile(file, &result); }));
  MICA_CHECK(stops(file, [=] { ZwCancelIoFileEx(file, nullptr, &result); }));
}

MICA_CASE("Io: drivers and devices are asked at their levels") {
  Driver driver;
  PDRIVER_OBJECT const object = driver.get();
  PDEVICE_OBJECT const device = driver.make();
  static IO_REMOVE_LOCK lock;
  static PVOID extension;
  IoInitializeRemoveLock(&lock, 0, 0, 0);
  MICA_CHECK(stops_above(PASSIVE_LEVEL, device, [=] {
    IoInitializeTimer(
        device, [](PDEVICE_OBJECT, PVOID) NTAPI {}, nullptr);
  }));
  MICA_REQUIRE(IoInitializeTimer(
                   device, [](PDEVICE_OBJECT, PVOID) NTAPI {}, nullptr) == STATUS_SUCCESS);
  for (auto* const again : {IoRegisterDriverReinitialization, IoRegisterBootDriverReinitialization})
    MICA_CHECK(stops_above(PASSIVE_LEVEL, object, [=] {
      again(
          object, [](PDRIVER_OBJECT, PVOID, ULONG) NTAPI {}, nullptr);
    }));
  auto const stops = [&](void const* what, auto call) {
    return stops_above(DISPATCH_LEVEL, what, call);
  };
  MICA_CHECK(stops(device, [=] { IoStartTimer(device); }));
  MICA_CHECK(stops(device, [=] { IoStopTimer(device); }));
  MICA_CHECK(
      stops(object, [=] { IoAllocateDriverObjectExtension(object, &extension, 8, &extension); }));
  MICA_CHECK(stops(object, [=] { IoGetDriverObjectExtension(object, &extension); }));
  MICA_CHECK(stops(&lock, [] { IoAcquireRemoveLock(&lock, nullptr); }));
  MICA_REQUIRE(IoAcquireRemoveLock(&lock, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(stops(&lock, [] { IoReleaseRemoveLock(&lock, nullptr); }));
  MICA_CHECK(stops_above(PASSIVE_LEVEL, &lock, [] { IoReleaseRemoveLockAndWait(&lock, nullptr); }));
  IoReleaseRemoveLockAndWait(&lock, nullptr);
}
