// Callbacks on handles of processes and threads.
//                                 [MSDN ObRegisterCallbacks, OB_PRE_CREATE_HANDLE_INFORMATION]
#include <nt/ex.h>
#include <nt/ob/callback.h>
#include <nt/rtl.h>

#include <utility>

#include "ob_support.hpp"
#include "process_support.hpp"

using namespace mica::test;

namespace {

constexpr OB_OPERATION create = OB_OPERATION_HANDLE_CREATE;
constexpr OB_OPERATION duplicate = OB_OPERATION_HANDLE_DUPLICATE;

std::atomic<int> order;  // of the calls of several watchers

// Watches handles of one object, and may take rights of them.
struct Watcher {
  PVOID object;
  PVOID registration = nullptr;
  ACCESS_MASK removes = 0, adds = 0;
  KEVENT* holds = nullptr;  // who is told first waits for it
  std::atomic<int> before = 0, after = 0;
  int before_place = 0, after_place = 0;
  bool right = true;  // what each call has, whatever the operation
  OB_OPERATION operation = 0;
  bool kernel_handle = false;
  ACCESS_MASK original = 0, desired = 0, granted = 0;
  NTSTATUS status = 0x7777;
  PVOID source = nullptr, target = nullptr;

  explicit Watcher(PVOID watched) noexcept : object{watched} {}
  Watcher(Watcher const&) = delete;
  Watcher& operator=(Watcher const&) = delete;
  ~Watcher() { stop(); }

  [[nodiscard]] NTSTATUS watch(WCHAR const* altitude, OB_OPERATION operations = create | duplicate,
                               POBJECT_TYPE* type = PsProcessType) noexcept {
    OB_OPERATION_REGISTRATION entry{type, operations, tell_before, tell_after};
    OB_CALLBACK_REGISTRATION asked{OB_FLT_REGISTRATION_VERSION, 1, {}, this, &entry};
    RtlInitUnicodeString(&asked.Altitude, altitude);
    return ObRegisterCallbacks(&asked, &registration);
  }
  void stop() noexcept {
    if (registration != nullptr) ObUnRegisterCallbacks(registration);
    registration = nullptr;
  }

  static OB_PREOP_CALLBACK_STATUS NTAPI tell_before(PVOID context,
                                                    POB_PRE_OPERATION_INFORMATION information) {
    auto& self = *static_cast<Watcher*>(context);
    if (information->Object == self.object) self.hear(*information);
    return OB_PREOP_SUCCESS;
  }
  static VOID NTAPI tell_after(PVOID context, POB_POST_OPERATION_INFORMATION information) {
    auto& self = *static_cast<Watcher*>(context);
    if (information->Object == self.object) self.hear(*information);
  }
  void hear(OB_PRE_OPERATION_INFORMATION& information) noexcept;
  void hear(OB_POST_OPERATION_INFORMATION const& information) noexcept;
};

void Watcher::hear(OB_PRE_OPERATION_INFORMATION& information) noexcept {
  before_place = ++order;
  operation = information.Operation;
  kernel_handle = information.KernelHandle != 0;
  right = right && KeGetCurrentIrql() == PASSIVE_LEVEL && information.CallContext == nullptr &&
          information.ObjectType == ObGetObjectType(object);
  information.CallContext = this;
  ACCESS_MASK* wanted = &information.Parameters->CreateHandleInformation.DesiredAccess;
  if (operation == duplicate) {
    auto& asked = information.Parameters->DuplicateHandleInformation;
    wanted = &asked.DesiredAccess;
    original = asked.OriginalDesiredAccess;
    source = asked.SourceProcess;
    target = asked.TargetProcess;
  } else {
    original = information.Parameters->CreateHandleInformation.OriginalDesiredAccess;
  }
  desired = *wanted;
  *wanted = (desired & ~removes) | adds;
  KEVENT* const held_by = std::exchange(holds, nullptr);
  ++before;
  if (held_by != nullptr) wait(held_by);
}

void Watcher::hear(OB_POST_OPERATION_INFORMATION const& information) noexcept {
  after_place = ++order;
  right = right && KeGetCurrentIrql() == PASSIVE_LEVEL && information.CallContext == this &&
          information.ObjectType == ObGetObjectType(object) && information.Operation == operation &&
          (information.KernelHandle != 0) == kernel_handle;
  status = information.ReturnStatus;
  granted = operation == duplicate
                ? information.Parameters->DuplicateHandleInformation.GrantedAccess
                : information.Parameters->CreateHandleInformation.GrantedAccess;
  ++after;
}

ACCESS_MASK granted_to(HANDLE handle) noexcept {
  PVOID object = nullptr;
  OBJECT_HANDLE_INFORMATION information{};
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, &information) ==
               STATUS_SUCCESS);
  ObDereferenceObject(object);
  return information.GrantedAccess;
}

// What a new handle of it grants.
ACCESS_MASK opened(PVOID object, ACCESS_MASK access, ULONG attributes = 0) noexcept {
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(object, attributes, nullptr, access, nullptr, KernelMode,
                                     &handle) == STATUS_SUCCESS);
  ACCESS_MASK const granted = granted_to(handle);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  return granted;
}

constexpr ACCESS_MASK terminate_and_read = PROCESS_TERMINATE | PROCESS_VM_READ;

}  // namespace

MICA_CASE("Ob: who watches a process's handles is told before and after, and takes rights") {
  OwnProcess process;
  Watcher watcher{process.get()};
  watcher.removes = PROCESS_TERMINATE;
  MICA_REQUIRE(watcher.watch(u"1000") == STATUS_SUCCESS);
  MICA_CHECK(opened(process.get(), terminate_and_read) == PROCESS_VM_READ);
  MICA_CHECK(watcher.right && watcher.before == 1 && watcher.after == 1);
  MICA_CHECK(watcher.operation == create && !watcher.kernel_handle);
  MICA_CHECK(watcher.original == terminate_and_read && watcher.desired == terminate_and_read);
  MICA_CHECK(watcher.granted == PROCESS_VM_READ && watcher.status == STATUS_SUCCESS);
  MICA_CHECK(opened(process.get(), terminate_and_read, OBJ_KERNEL_HANDLE) == PROCESS_VM_READ);
  MICA_CHECK(watcher.kernel_handle && watcher.right && watcher.after == 2);
  watcher.stop();
  MICA_CHECK(opened(process.get(), terminate_and_read) == terminate_and_read);
  MICA_CHECK(watcher.before == 2 && watcher.after == 2);
}

MICA_CASE("Ob: rights are only taken, and only those that may be") {
  OwnProcess process;
  Watcher watcher{process.get()};
  MICA_REQUIRE(watcher.watch(u"1000") == STATUS_SUCCESS);
  watcher.removes = ~ACCESS_MASK{0};
  constexpr ACCESS_MASK kept = PROCESS_ALL_ACCESS & ~ACCESS_MASK{0xBEB};
  MICA_CHECK(opened(process.get(), PROCESS_ALL_ACCESS) == kept);
  watcher.removes = 0;
  watcher.adds = PROCESS_VM_WRITE | PROCESS_VM_READ;
  MICA_CHECK(opened(process.get(), PROCESS_VM_OPERATION) == PROCESS_VM_OPERATION);
  // Generic rights are told as those that they stand for.
  watcher.adds = 0;
  watcher.removes = PROCESS_TERMINATE;
  MICA_CHECK(opened(process.get(), GENERIC_ALL) == (PROCESS_ALL_ACCESS & ~PROCESS_TERMINATE));
  MICA_CHECK((watcher.original & PROCESS_ALL_ACCESS) == PROCESS_ALL_ACCESS);
}

MICA_CASE("Ob: of a thread the handle that it is made with is told of, and others of its rights") {
  Watcher watcher{PsGetCurrentThread()};
  MICA_REQUIRE(watcher.watch(u"1000", create, PsThreadType) == STATUS_SUCCESS);
  watcher.removes = ~ACCESS_MASK{0};
  constexpr ACCESS_MASK kept = THREAD_ALL_ACCESS & ~ACCESS_MASK{0x7B3};
  MICA_CHECK(opened(PsGetCurrentThread(), THREAD_ALL_ACCESS) == kept);
  MICA_CHECK(opened(PsInitialSystemProcess, PROCESS_TERMINATE) == PROCESS_TERMINATE);
  MICA_CHECK(watcher.before == 1 && watcher.right);
  watcher.stop();
  // Whichever thread: the first one whose handle is made.
  struct First {
    static OB_PREOP_CALLBACK_STATUS NTAPI see(PVOID seen, POB_PRE_OPERATION_INFORMATION what) {
      PVOID nobody = nullptr;
      static_cast<std::atomic<PVOID>*>(seen)->compare_exchange_strong(nobody, what->Object);
      return OB_PREOP_SUCCESS;
    }
  };
  std::atomic<PVOID> seen = nullptr;
  OB_OPERATION_REGISTRATION entry{PsThreadType, create, First::see, nullptr};
  OB_CALLBACK_REGISTRATION asked{OB_FLT_REGISTRATION_VERSION, 1, *Text{u"1000"}.operator->(), &seen,
                                 &entry};
  PVOID registration = nullptr;
  MICA_REQUIRE(ObRegisterCallbacks(&asked, &registration) == STATUS_SUCCESS);
  OwnProcess process;
  {
    Waiting const thread{process};
    MICA_CHECK(seen == &thread.kernel());
  }
  ObUnRegisterCallbacks(registration);
}

MICA_CASE("Ob: the highest is told first before and last after, and sees what those above left") {
  OwnProcess process;
  Watcher low{process.get()}, high{process.get()}, middle{process.get()};
  high.removes = PROCESS_TERMINATE;
  MICA_REQUIRE(low.watch(u"99.5") == STATUS_SUCCESS);
  MICA_REQUIRE(high.watch(u"1000") == STATUS_SUCCESS);
  MICA_REQUIRE(middle.watch(u"100") == STATUS_SUCCESS);
  order = 0;
  MICA_CHECK(opened(process.get(), terminate_and_read) == PROCESS_VM_READ);
  MICA_CHECK(high.before_place == 1 && middle.before_place == 2 && low.before_place == 3);
  MICA_CHECK(low.after_place == 4 && middle.after_place == 5 && high.after_place == 6);
  MICA_CHECK(high.desired == terminate_and_read && low.desired == PROCESS_VM_READ);
  MICA_CHECK(low.original == terminate_and_read);
}

MICA_CASE("Ob: a registration says what is wrong with it") {
  Watcher one{PsInitialSystemProcess}, other{PsInitialSystemProcess};
  MICA_REQUIRE(one.watch(u"1000") == STATUS_SUCCESS);
  MICA_CHECK(other.watch(u"01000.0") == STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
  MICA_CHECK(other.registration == nullptr);
  MICA_CHECK(other.watch(u"") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(other.watch(u"high") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(other.watch(u"1", 0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(other.watch(u"1", 4) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(other.watch(u"1", create, ExEventObjectType) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(other.watch(u"1", create, nullptr) == STATUS_INVALID_PARAMETER);
  OB_OPERATION_REGISTRATION entry{PsProcessType, create, nullptr, nullptr};
  OB_CALLBACK_REGISTRATION asked{OB_FLT_REGISTRATION_VERSION, 1, *Text{u"1"}.operator->(), nullptr,
                                 &entry};
  PVOID registration = nullptr;
  MICA_CHECK(ObRegisterCallbacks(&asked, &registration) == STATUS_INVALID_PARAMETER);
  entry.PostOperation = Watcher::tell_after;
  asked.OperationRegistrationCount = 0;
  MICA_CHECK(ObRegisterCallbacks(&asked, &registration) == STATUS_INVALID_PARAMETER);
  asked.OperationRegistrationCount = 1;
  asked.Version = OB_FLT_REGISTRATION_VERSION + 1;
  MICA_CHECK(ObRegisterCallbacks(&asked, &registration) == STATUS_INVALID_PARAMETER);
  one.stop();
  MICA_CHECK(other.watch(u"1000") == STATUS_SUCCESS);
  MICA_CHECK(ObGetFilterVersion() == 0x0100);
}

MICA_CASE("Ob: a duplicate is told of with the processes that it comes from and goes to") {
  OwnProcess process;
  Watcher watcher{process.get()}, creations{process.get()};
  HANDLE handle = nullptr, copy = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(process.get(), 0, nullptr, PROCESS_ALL_ACCESS, *PsProcessType,
                                     KernelMode, &handle) == STATUS_SUCCESS);
  watcher.removes = PROCESS_TERMINATE;
  MICA_REQUIRE(watcher.watch(u"1000") == STATUS_SUCCESS);
  MICA_REQUIRE(creations.watch(u"999", create) == STATUS_SUCCESS);
  MICA_REQUIRE(ZwDuplicateObject(NtCurrentProcess(), handle, handle, &copy, 0, 0,
                                 DUPLICATE_SAME_ACCESS) == STATUS_SUCCESS);
  MICA_CHECK(granted_to(copy) == (PROCESS_ALL_ACCESS & ~PROCESS_TERMINATE));
  MICA_CHECK(watcher.right && watcher.operation == duplicate && watcher.after == 1);
  MICA_CHECK(watcher.original == PROCESS_ALL_ACCESS && watcher.granted == granted_to(copy));
  MICA_CHECK(watcher.source == PsInitialSystemProcess && watcher.target == process.get());
  MICA_CHECK(creations.before == 0 && creations.after == 0);
  MICA_CHECK(ZwClose(copy) == STATUS_SUCCESS && ZwClose(handle) == STATUS_SUCCESS);
}

MICA_CASE("Ob: taking callbacks back waits for an operation that began with them") {
  OwnProcess process, helpers;
  OwnEvent go_on;
  Watcher watcher{process.get()};
  watcher.holds = &go_on.event;
  MICA_REQUIRE(watcher.watch(u"1000") == STATUS_SUCCESS);
  std::atomic<bool> back = false;
  auto open = [&] { static_cast<void>(opened(process.get(), PROCESS_TERMINATE)); };
  auto take_back = [&] {
    watcher.stop();
    back = true;
  };
  ProcessThread const opener{helpers, open};
  until([&] { return watcher.before == 1; });
  ProcessThread const taker{helpers, take_back};
  // From when it waits on nobody is told of a new handle.
  until([&] {
    int const before = watcher.before;
    open();
    return watcher.before == before;
  });
  MICA_CHECK(!back && watcher.after == watcher.before - 1);
  go_on.set();
  until([&] { return back.load(); });
  MICA_CHECK(watcher.after == watcher.before);
}
