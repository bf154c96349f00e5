// What a driver costs that somebody else compiled: its calls, requests to it, loading it, what it
// has inline that a process may not execute. The floors are the same calls and requests of code
// that is linked in.
#include <mica/driver.hpp>

#include <dlfcn.h>
#include <nt/ntddk.h>

#include "bench.hpp"
#include "target_image.hpp"

namespace mica::bench {
namespace {

constexpr ULONG batch = 1000;
constexpr ULONG written_bytes = 512;

NTSTATUS NTAPI keep_irp(PDEVICE_OBJECT, PIRP, PVOID) {
  return STATUS_MORE_PROCESSING_REQUIRED;
}

ULONG_PTR ask(PDEVICE_OBJECT device, UCHAR major, ULONG length) {
  PIRP const irp = IoAllocateIrp(device->StackSize, FALSE);
  PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp);
  next->MajorFunction = major;
  next->Parameters.Write.Length = length;  // where a read has it too
  IoSetCompletionRoutine(irp, keep_irp, nullptr, TRUE, TRUE, TRUE);
  IoCallDriver(device, irp);
  ULONG_PTR const information = irp->IoStatus.Information;
  IoFreeIrp(irp);
  return information;
}

[[nodiscard]] Config unlimited() {
  Config config;
  config.step_limit = std::uint64_t{1} << 62;
  return config;
}

template <class Body>
void with_target(benchmark::State& state, Body body, Config const& config = unlimited()) {
  System system{config};
  Driver driver = system.load(target_image(), "target");
  if (!NT_SUCCESS(driver.entry_status())) return state.SkipWithError("the driver did not start");
  system.run([&] { body(static_cast<PDRIVER_OBJECT>(driver.object())->DeviceObject); });
  if (!NT_SUCCESS(driver.unload())) state.SkipWithError("the driver was not unloaded");
}

void import(benchmark::State& state) {
  with_target(state, [&](PDEVICE_OBJECT device) {
    while (state.KeepRunningBatch(batch)) benchmark::DoNotOptimize(ask(device, IRP_MJ_READ, batch));
  });
}
BENCHMARK(import)->Name("import/ours");

void native(benchmark::State& state) {
  in_system(state, [&] {
    for (auto _ : state) benchmark::DoNotOptimize(KeGetCurrentIrql());
  });
}
BENCHMARK(native)->Name("import/floor");

// The level is read, raised and lowered by CR8.
void levels(benchmark::State& state, Privileged privileged) {
  Config config = unlimited();
  config.privileged = privileged;
  auto const change = [&](PDEVICE_OBJECT device) {
    while (state.KeepRunningBatch(batch))
      benchmark::DoNotOptimize(ask(device, IRP_MJ_DEVICE_CONTROL, batch));
  };
  with_target(state, change, config);
}
BENCHMARK_CAPTURE(levels, patched, Privileged::patched)->Name("privileged/ours");
BENCHMARK_CAPTURE(levels, emulated, Privileged::emulated)->Name("privileged/peer:emulated");

void native_levels(benchmark::State& state) {
  in_system(state, [&] {
    for (auto _ : state) {
      KIRQL old = 0;
      benchmark::DoNotOptimize(KeGetCurrentIrql());
      KeRaiseIrql(DISPATCH_LEVEL, &old);
      KeLowerIrql(old);
    }
  });
}
BENCHMARK(native_levels)->Name("privileged/floor");

void write(benchmark::State& state, PDEVICE_OBJECT device) {
  for (auto _ : state)
    if (ask(device, IRP_MJ_WRITE, written_bytes) != written_bytes) __builtin_trap();
}

void request(benchmark::State& state) {
  with_target(state, [&](PDEVICE_OBJECT device) { write(state, device); });
}
BENCHMARK(request)->Name("driver-irp/ours");

NTSTATUS NTAPI finish(PDEVICE_OBJECT, PIRP irp) {
  irp->IoStatus.Status = STATUS_SUCCESS;
  irp->IoStatus.Information = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

void linked_in(benchmark::State& state) {
  in_system(state, [&] {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, u"\\Driver\\BenchLinked");
    IoCreateDriver(&name, [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
      driver->MajorFunction[IRP_MJ_WRITE] = finish;
      PDEVICE_OBJECT device = nullptr;
      return IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    });
    PVOID driver = nullptr;
    ObReferenceObjectByName(&name, 0, nullptr, 0, nullptr, KernelMode, nullptr, &driver);
    if (driver == nullptr) return state.SkipWithError("no driver");
    write(state, static_cast<PDRIVER_OBJECT>(driver)->DeviceObject);
    ObDereferenceObject(driver);
  });
}
BENCHMARK(linked_in)->Name("driver-irp/floor");

void load(benchmark::State& state) {
  System system{unlimited()};
  for (auto _ : state) {
    Driver driver = system.load(target_image(), "target");
    if (!NT_SUCCESS(driver.unload())) return state.SkipWithError("the driver was not unloaded");
  }
}
BENCHMARK(load)->Name("driver-load/ours");

void load_library(benchmark::State& state) {
  for (auto _ : state) {
    void* const library = dlopen(MICA_BENCH_LIBRARY, RTLD_NOW);
    if (library == nullptr) return state.SkipWithError("no library");
    dlclose(library);
  }
}
BENCHMARK(load_library)->Name("driver-load/peer:dlopen and dlclose");

}  // namespace
}  // namespace mica::bench
