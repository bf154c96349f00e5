#include "init/test_driver.hpp"

#include <nt/ex.h>
#include <nt/rtl.h>

#include <new>

#include "init/state.hpp"
#include "io/shutdown.hpp"
#include "ob/handle.hpp"

namespace mica::init {
namespace {

// A body of a driver has another calling convention.
void NTAPI bugcheck_of(DriverBody body, void* argument, test::Bugcheck* taken) {
  auto call = [=] { body(argument); };
  *taken = test::bugcheck_of(call);
}

template <class Object, class... Arguments>
void NTAPI make(Object* object, Arguments... arguments) {
  ::new (object) Object{arguments...};
}

template <class Object>
void NTAPI end(Object* object) {
  object->~Object();
}

constexpr TestServices services{
    .record = [](bool holds, char const* expression, char const* file, int line)
                  NTAPI { test::record(holds, expression, file, line); },
    .abandon = []() NTAPI { test::abandon(); },
    .until_waiting = [](PKTHREAD thread) NTAPI { until_waiting(*thread); },
    .bugcheck_of = bugcheck_of,
    .interrupt = [](ULONG processor, UCHAR vector) NTAPI { test::interrupt(processor, vector); },
    .make_special_pool = make<test::SpecialPool, ULONG, test::SpecialPool::Align>,
    .end_special_pool = end<test::SpecialPool>,
    .make_image = make<test::Image, void*, ULONG64, ULONG64, ULONG64>,
    .end_image = end<test::Image>,
    .image_stub = [](test::Image* image, void const* routine)
                      NTAPI { return image->stub(routine); },
    .make_detection = make<test::DeadlockDetection>,
    .end_detection = end<test::DeadlockDetection>,
    .make_verified = make<test::Verified, bool>,
    .end_verified = end<test::Verified>,
    .add_device = test::add_device,
    .remove_device = test::remove_device,
    .lose_device = test::lose_device,
    .forget_children = test::forget_children,
    .set_previous_mode = test::set_previous_mode,
    .live_blocks = test::live_blocks,
    .create_type = ob::create_type,
    .set_handle_attributes = ob::set_handle_attributes,
    .shut_down = io::shut_down,
};

void NTAPI meet(PVOID, PVOID cases, PVOID where) {
  state().tests.driver = static_cast<DriverCases const*>(cases);
  *static_cast<TestServices const**>(where) = &services;
}

}  // namespace

NTSTATUS offer_test_services() noexcept {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, test_callback_name);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, nullptr,
                             nullptr);
  PCALLBACK_OBJECT callback = nullptr;
  if (NTSTATUS const status = ExCreateCallback(&callback, &attributes, TRUE, FALSE);
      !NT_SUCCESS(status))
    return status;
  bool const registered = ExRegisterCallback(callback, meet, nullptr) != nullptr;
  ObDereferenceObject(callback);
  return registered ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

}  // namespace mica::init
