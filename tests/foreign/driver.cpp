// foreign.sys: the conformance cases as a driver of a compiler for Windows. It is given what the
// shared test header has and no name of NT (init/test_driver.hpp), and tells which cases it has.
#include "init/test_driver.hpp"

#include <nt/ntddk.h>

#include "io/shutdown.hpp"
#include "ob/handle.hpp"

namespace {

using mica::init::DriverCase;
using mica::init::DriverCases;
using mica::init::TestServices;

TestServices const* services;

// A linker sorts the parts of a section by their names: cases are between these.
[[gnu::used, gnu::section("cases$a")]] constinit DriverCase const* const first_case = nullptr;
[[gnu::used, gnu::section("cases$z")]] constinit DriverCase const* const last_case = nullptr;

DriverCases const cases{&first_case + 1, &last_case};

static_assert(sizeof(DriverCase) == sizeof(mica::test::Case));

}  // namespace

namespace mica {
namespace test {

void record(bool holds, char const* expression, char const* file, int line) noexcept {
  services->record(holds, expression, file, line);
}
void abandon() noexcept {
  services->abandon();
  __builtin_unreachable();
}
void until_waiting(Thread* thread) noexcept {
  services->until_waiting(object_of(thread));
}
Bugcheck bugcheck_of(Body body, void* argument) noexcept {
  Bugcheck taken{};
  services->bugcheck_of(body, argument, &taken);
  return taken;
}
void interrupt(ULONG processor, UCHAR vector) noexcept {
  services->interrupt(processor, vector);
}

SpecialPool::SpecialPool(ULONG tag, Align align) noexcept {
  services->make_special_pool(this, tag, align);
}
SpecialPool::~SpecialPool() {
  services->end_special_pool(this);
}
Image::Image(void* base, ULONG64 bytes, ULONG64 functions, ULONG64 functions_bytes) noexcept {
  services->make_image(this, base, bytes, functions, functions_bytes);
}
Image::~Image() {
  services->end_image(this);
}
void* Image::stub(void const* routine) noexcept {
  return services->image_stub(this, routine);
}
DeadlockDetection::DeadlockDetection() noexcept {
  services->make_detection(this);
}
DeadlockDetection::~DeadlockDetection() {
  services->end_detection(this);
}
Verified::Verified(bool on) noexcept {
  services->make_verified(this, on);
}
Verified::~Verified() {
  services->end_verified(this);
}

NTSTATUS add_device(std::string_view text) noexcept {
  return services->add_device(text);
}
NTSTATUS remove_device(std::string_view name) noexcept {
  return services->remove_device(name);
}
NTSTATUS lose_device(std::string_view name) noexcept {
  return services->lose_device(name);
}
NTSTATUS forget_children(std::string_view identifier) noexcept {
  return services->forget_children(identifier);
}
void set_previous_mode(KPROCESSOR_MODE mode) noexcept {
  services->set_previous_mode(mode);
}
ULONG64 live_blocks(ULONG tag) noexcept {
  return services->live_blocks(tag);
}

}  // namespace test

NTSTATUS ob::create_type(TypeOptions const& options, POBJECT_TYPE* type) noexcept {
  return services->create_type(options, type);
}
NTSTATUS ob::set_handle_attributes(HANDLE handle, ULONG attributes) noexcept {
  return services->set_handle_attributes(handle, attributes);
}
ULONG io::shut_down() noexcept {
  return services->shut_down();
}

}  // namespace mica

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, mica::init::test_callback_name);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  PCALLBACK_OBJECT callback = nullptr;
  NTSTATUS const status = ExCreateCallback(&callback, &attributes, FALSE, FALSE);
  if (!NT_SUCCESS(status)) return status;
  ExNotifyCallback(callback, const_cast<DriverCases*>(&cases), &services);
  ObDereferenceObject(callback);
  return services != nullptr ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}
