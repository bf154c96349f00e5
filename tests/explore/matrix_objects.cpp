// Every two operations above ke that can meet: names and handles, threads, pool, devices, time.
#include <nt/ex.h>
#include <nt/ps.h>
#include <nt/rtl.h>
#include <nt/zw.h>

#include "conformance/io_support.hpp"
#include "matrix.hpp"

using namespace mica::explore;
using mica::test::Attributes;
using mica::test::Text;

namespace {

struct Things {
  mica::test::Driver driver;

  void begins() noexcept {}
  void ends() noexcept { MICA_CHECK(driver->DeviceObject == nullptr); }
};

void close(NTSTATUS status, HANDLE handle) noexcept {
  if (status == STATUS_SUCCESS) MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

// One name, whoever comes first.
void make_directory(Things&) noexcept {
  Attributes attributes{u"\\Meeting"};
  HANDLE handle = nullptr;
  NTSTATUS const status = ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, attributes);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_COLLISION);
  close(status, handle);
}

void open_directory(Things&) noexcept {
  Attributes attributes{u"\\Meeting"};
  HANDLE handle = nullptr;
  NTSTATUS const status = ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, attributes);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_NOT_FOUND);
  close(status, handle);
}

void make_link(Things&) noexcept {
  Attributes attributes{u"\\MeetingLink"};
  Text target{u"\\Device\\Null"};
  HANDLE handle = nullptr;
  NTSTATUS const status =
      ZwCreateSymbolicLinkObject(&handle, SYMBOLIC_LINK_ALL_ACCESS, attributes, target);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_COLLISION);
  close(status, handle);
}

void follow_link(Things&) noexcept {
  Text path{u"\\MeetingLink"};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status = IoGetDeviceObjectPointer(path, FILE_READ_DATA, &file, &device);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_NOT_FOUND);
  if (status == STATUS_SUCCESS) ObDereferenceObject(file);
}

void open_device(Things&) noexcept {
  Text path{u"\\Device\\Null"};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_CHECK(IoGetDeviceObjectPointer(path, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  ObDereferenceObject(file);
}

void make_device(Things& things) noexcept {
  PDEVICE_OBJECT device = nullptr;
  MICA_CHECK(IoCreateDevice(things.driver.get(), 16, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE,
                            &device) == STATUS_SUCCESS);
  if (device != nullptr) IoDeleteDevice(device);
}

void use_pool(POOL_FLAGS flags, SIZE_T bytes) noexcept {
  void* const block = ExAllocatePool2(flags, bytes, 'lpxE');
  MICA_CHECK(block != nullptr);
  if (block != nullptr) ExFreePoolWithTag(block, 'lpxE');
}

void start_thread(Things&) noexcept {
  int ran = 0;
  auto body = [&] { ++ran; };
  mica::test::join(mica::test::start(body));
  MICA_CHECK(ran == 1);
}

void look_at_time(Things&) noexcept {
  LARGE_INTEGER first, then;
  KeQueryTickCount(&first);
  ULONGLONG const before = KeQueryInterruptTime();
  KeQuerySystemTime(&then);
  MICA_CHECK(KeQueryInterruptTime() >= before);
  KeQueryTickCount(&then);
  MICA_CHECK(then.QuadPart >= first.QuadPart);
}

constexpr Operation<Things> operations[] = {
    {"make-directory", make_directory},
    {"open-directory", open_directory},
    {"make-link", make_link},
    {"follow-link", follow_link},
    {"open-device", open_device},
    {"make-device", make_device},
    {"small", [](Things&) { use_pool(POOL_FLAG_NON_PAGED, 40); }},
    {"middling", [](Things&) { use_pool(POOL_FLAG_PAGED, 3000); }},
    {"large", [](Things&) { use_pool(POOL_FLAG_NON_PAGED, 9000); }},
    {"thread", start_thread},
    {"time", look_at_time},
    {"stall", [](Things&) { KeStallExecutionProcessor(1500); }},
    {"irp", [](Things&) { IoFreeIrp(IoAllocateIrp(2, FALSE)); }},
    {"print", [](Things&) { DbgPrint("met %d\n", 1); }},
};

}  // namespace

TEST_CASE("Matrix: any two operations on objects, pool and devices may meet", "[explore][matrix]") {
  cross(operations);
}
