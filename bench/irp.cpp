// A write request through one device and through three: allocated, sent, completed, freed.
#include <fcntl.h>
#include <nt/ntddk.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "bench.hpp"
#include "floor/pool.hpp"

namespace mica::bench {
namespace {

constexpr ULONG written_bytes = 512;

NTSTATUS NTAPI finish(PDEVICE_OBJECT, PIRP irp) {
  irp->IoStatus.Status = STATUS_SUCCESS;
  irp->IoStatus.Information = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

struct Extension {
  PDEVICE_OBJECT lower;
  std::uint64_t completed;
};
Extension& extension_of(PDEVICE_OBJECT device) noexcept {
  return *static_cast<Extension*>(device->DeviceExtension);
}

NTSTATUS NTAPI note(PDEVICE_OBJECT device, PIRP, PVOID) {
  if (device != nullptr) ++extension_of(device).completed;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI pass(PDEVICE_OBJECT device, PIRP irp) {
  IoCopyCurrentIrpStackLocationToNext(irp);
  IoSetCompletionRoutine(irp, note, nullptr, TRUE, TRUE, TRUE);
  return IoCallDriver(extension_of(device).lower, irp);
}

NTSTATUS NTAPI write(PDEVICE_OBJECT device, PIRP irp) {
  return extension_of(device).lower == nullptr ? finish(device, irp) : pass(device, irp);
}

NTSTATUS NTAPI keep_irp(PDEVICE_OBJECT, PIRP, PVOID) {
  return STATUS_MORE_PROCESSING_REQUIRED;
}

// The top of a stack of `count` devices.
PDEVICE_OBJECT make_stack(PDRIVER_OBJECT driver, std::int64_t count) {
  driver->MajorFunction[IRP_MJ_WRITE] = write;
  PDEVICE_OBJECT top = nullptr;
  for (std::int64_t i = 0; i < count; ++i) {
    PDEVICE_OBJECT device = nullptr;
    if (!NT_SUCCESS(IoCreateDevice(driver, sizeof(Extension), nullptr, FILE_DEVICE_UNKNOWN, 0,
                                   FALSE, &device)))
      return nullptr;
    if (top != nullptr) extension_of(device).lower = IoAttachDeviceToDeviceStack(device, top);
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
    top = device;
  }
  return top;
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    WCHAR text[] = u"\\Driver\\Bench";
    UNICODE_STRING name{sizeof text - sizeof(WCHAR), sizeof text, text};
    PVOID driver = nullptr;
    IoCreateDriver(
        &name, [](PDRIVER_OBJECT, PUNICODE_STRING) NTAPI -> NTSTATUS { return STATUS_SUCCESS; });
    ObReferenceObjectByName(&name, 0, nullptr, 0, nullptr, KernelMode, nullptr, &driver);
    PDEVICE_OBJECT const top = make_stack(static_cast<PDRIVER_OBJECT>(driver), state.range(0));
    if (top == nullptr) return state.SkipWithError("no device");
    for (auto _ : state) {
      PIRP const irp = IoAllocateIrp(top->StackSize, FALSE);
      PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp);
      next->MajorFunction = IRP_MJ_WRITE;
      next->Parameters.Write.Length = written_bytes;
      IoSetCompletionRoutine(irp, keep_irp, nullptr, TRUE, TRUE, TRUE);
      IoCallDriver(top, irp);
      if (irp->IoStatus.Information != written_bytes) __builtin_trap();
      IoFreeIrp(irp);
    }
  });
}
BENCHMARK(ours)->Name("irp/ours")->Arg(1)->Arg(3);

// The same structures and calls: a tagged block that is zeroed, locations that are copied, routines
// through tables, routines on the way back. Nothing is checked.
struct Floor {
  [[gnu::noinline]] static NTSTATUS NTAPI call(PDEVICE_OBJECT device, PIRP irp) {
    --irp->CurrentLocation;
    PIO_STACK_LOCATION const location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    return device->DriverObject->MajorFunction[location->MajorFunction](device, irp);
  }
  [[gnu::noinline]] static void NTAPI complete(PIRP irp) {
    while (irp->CurrentLocation <= irp->StackCount) {
      PIO_STACK_LOCATION const left = irp->Tail.Overlay.CurrentStackLocation++;
      bool const outermost = ++irp->CurrentLocation > irp->StackCount;
      irp->PendingReturned = left->Control & SL_PENDING_RETURNED;
      if (left->CompletionRoutine == nullptr || (left->Control & SL_INVOKE_ON_SUCCESS) == 0)
        continue;
      PDEVICE_OBJECT const device =
          outermost ? nullptr : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
      if (left->CompletionRoutine(device, irp, left->Context) == STATUS_MORE_PROCESSING_REQUIRED)
        return;
    }
  }
  static NTSTATUS NTAPI write(PDEVICE_OBJECT device, PIRP irp) {
    if (extension_of(device).lower != nullptr) {
      IoCopyCurrentIrpStackLocationToNext(irp);
      IoSetCompletionRoutine(irp, note, nullptr, TRUE, TRUE, TRUE);
      return call(extension_of(device).lower, irp);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    complete(irp);
    return STATUS_SUCCESS;
  }
};

void lowest(benchmark::State& state) {
  auto const count = static_cast<std::size_t>(state.range(0));
  floor::TaggedPool pool;
  DRIVER_OBJECT driver{};
  driver.MajorFunction[IRP_MJ_WRITE] = Floor::write;
  std::vector<DEVICE_OBJECT> devices(count);
  std::vector<Extension> extensions(count);
  for (std::size_t i = 0; i < count; ++i) {
    devices[i].DriverObject = &driver;
    devices[i].DeviceExtension = &extensions[i];
    extensions[i].lower = i > 0 ? &devices[i - 1] : nullptr;
  }
  CCHAR const locations = static_cast<CCHAR>(count);
  for (auto _ : state) {
    std::size_t const bytes = IoSizeOfIrp(locations);
    auto* const irp = static_cast<PIRP>(pool.allocate(bytes, 'prI '));
    std::memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->StackCount = locations;
    irp->CurrentLocation = static_cast<CCHAR>(locations + 1);
    irp->Tail.Overlay.CurrentStackLocation =
        reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + locations;
    PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_WRITE;
    next->Parameters.Write.Length = written_bytes;
    IoSetCompletionRoutine(irp, keep_irp, nullptr, TRUE, TRUE, TRUE);
    Floor::call(&devices.back(), irp);
    if (irp->IoStatus.Information != written_bytes) __builtin_trap();
    pool.release(irp, 'prI ');
  }
}
BENCHMARK(lowest)->Name("irp/floor")->Arg(1)->Arg(3);

void null_device(benchmark::State& state) {
  int const file = open("/dev/null", O_WRONLY);
  char buffer[written_bytes] = {};
  for (auto _ : state)
    if (::write(file, buffer, sizeof buffer) != sizeof buffer) __builtin_trap();
  close(file);
}
BENCHMARK(null_device)->Name("irp/peer:write to the null device")->Arg(1)->Arg(3);

}  // namespace
}  // namespace mica::bench
