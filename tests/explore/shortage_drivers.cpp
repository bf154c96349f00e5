// M1: of drivers, and what they register.
#include <nt/ntddk.h>
#include <nt/zw/drivers.h>

#include "conformance/interrupt_support.hpp"
#include "conformance/io_support.hpp"
#include "io/driver.hpp"
#include "io/shutdown.hpp"
#include "shortage.hpp"

using namespace mica::explore;
using namespace mica::test;

MICA_EXPLORE("M1-short-driver", "M1: a driver that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    static PDRIVER_OBJECT made;
    made = nullptr;
    Text name{u"\\Driver\\Short"};
    NTSTATUS const status = IoCreateDriver(name, [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI {
      PVOID extension = nullptr;
      NTSTATUS const given = IoAllocateDriverObjectExtension(driver, &made, 16, &extension);
      MICA_CHECK((extension != nullptr) == (given == STATUS_SUCCESS));
      IoRegisterDriverReinitialization(
          driver, [](PDRIVER_OBJECT, PVOID, ULONG count) NTAPI { MICA_CHECK(count == 1); },
          nullptr);
      if (given == STATUS_SUCCESS) made = driver;
      return given;
    });
    MICA_CHECK((made != nullptr) == (status == STATUS_SUCCESS));
    if (made != nullptr) MICA_CHECK(made->DriverName.Length == name->Length);
    if (made != nullptr) IoDeleteDriver(made);
    return status;
  });
}

MICA_EXPLORE("M1-short-load", "M1: a driver that cannot be loaded leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    Text service{u"Short"};
    PDRIVER_OBJECT driver = nullptr;
    mica::io::DriverImage const image{nullptr, 0, [](PDRIVER_OBJECT loaded, PUNICODE_STRING) NTAPI {
                                        loaded->DriverUnload = [](PDRIVER_OBJECT) NTAPI {};
                                        return STATUS_SUCCESS;
                                      }};
    NTSTATUS const status =
        mica::io::load_driver(*static_cast<PUNICODE_STRING>(service), image, driver);
    MICA_CHECK((driver != nullptr) == (status == STATUS_SUCCESS));
    if (driver == nullptr) return status;
    MICA_CHECK(driver->DriverName.Length != 0);
    MICA_CHECK(driver->DriverExtension->ServiceKeyName.Length == service->Length);
    MICA_CHECK(mica::io::unload_driver(*driver) == STATUS_SUCCESS);
    return status;
  });
}

MICA_EXPLORE("M1-short-unload", "M1: a driver that cannot be unloaded is there still",
             .processors = 1, .bound = 1, .shortage = true) {
  ask(window, [] {
    static bool unloaded;
    static PDRIVER_OBJECT made;
    unloaded = false;
    Text name{u"\\Driver\\Short"};
    NTSTATUS status = IoCreateDriver(name, [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI {
      driver->DriverUnload = [](PDRIVER_OBJECT) NTAPI { unloaded = true; };
      made = driver;
      return STATUS_SUCCESS;
    });
    if (status != STATUS_SUCCESS) return status;
    Text service{u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Short"};
    status = ZwUnloadDriver(service);
    MICA_CHECK(unloaded == (status == STATUS_SUCCESS));
    if (!unloaded) IoDeleteDriver(made);
    return status;
  });
}

MICA_EXPLORE("M1-short-remove-lock", "M1: a remove lock is held by who finds no memory to say so",
             .processors = 1, .bound = 1, .shortage = true) {
  struct {
    IO_REMOVE_LOCK_COMMON_BLOCK common;
    IO_REMOVE_LOCK_DBG_BLOCK debug;
  } long_form{};
  auto* const lock = reinterpret_cast<PIO_REMOVE_LOCK>(&long_form);
  IoInitializeRemoveLockEx(lock, 'kcoL', 0, 0, sizeof long_form);
  ask(window, [&] {
    NTSTATUS const status = IoAcquireRemoveLockEx(lock, &long_form, "", 0, sizeof long_form);
    MICA_CHECK(status == STATUS_SUCCESS);
    IoReleaseRemoveLockEx(lock, &long_form, sizeof long_form);
    return status;
  });
}

MICA_EXPLORE("M1-short-registered", "M1: what a driver cannot register leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  Driver const driver;
  PDEVICE_OBJECT const device = driver.make();
  ask(window, [&] {
    NTSTATUS const status = IoRegisterShutdownNotification(device);
    if (status == STATUS_SUCCESS) IoUnregisterShutdownNotification(device);
    return status;
  });
  ask(window, [&] {
    PKINTERRUPT interrupt = nullptr;
    NTSTATUS const status = IoConnectInterrupt(
        &interrupt, [](PKINTERRUPT, PVOID) NTAPI -> BOOLEAN { return FALSE; }, nullptr, nullptr,
        device_vector, device_irql, device_irql, LevelSensitive, FALSE, any_processor, FALSE);
    MICA_CHECK((interrupt != nullptr) == (status == STATUS_SUCCESS));
    if (interrupt != nullptr) IoDisconnectInterrupt(interrupt);
    return status;
  });
  ask(window, [&] {
    PIO_WORKITEM const item = IoAllocateWorkItem(device);
    if (item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeWorkItem(item);
    return STATUS_SUCCESS;
  });
  ask(window, [&] {
    PMDL const mdl = IoAllocateMdl(&window, 5 * PAGE_SIZE, FALSE, FALSE, nullptr);
    if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
  });
}

MICA_EXPLORE("M1-short-shutdown",
             "M1: a device that cannot be told of shutdown is counted, and keeps nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  static int told;
  Driver const driver;
  driver->MajorFunction[IRP_MJ_SHUTDOWN] = [](PDEVICE_OBJECT, PIRP irp) NTAPI {
    ++told;
    return complete(irp, STATUS_SUCCESS);
  };
  PDEVICE_OBJECT const device = driver.make();
  ask(window, [&] {
    NTSTATUS const status = IoRegisterShutdownNotification(device);
    if (status != STATUS_SUCCESS) return status;
    told = 0;
    ULONG const untold = mica::io::shut_down();
    MICA_CHECK(untold + static_cast<ULONG>(told) == 1);
    return untold == 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
  });
}
