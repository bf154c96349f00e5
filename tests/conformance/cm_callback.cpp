// Callbacks: who is told of what, in which order, and what their answers do.
#include <nt/rtl.h>

#include "cm_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

// What a routine heard, and how it answers.
struct Listener {
  LARGE_INTEGER cookie{};
  ULONG heard[32]{};  // notification classes, in order
  ULONG count = 0;

  ULONG answered_class = MAXULONG;
  NTSTATUS answer = STATUS_SUCCESS;
  NTSTATUS return_status = STATUS_SUCCESS;  // with a post-notification's bypass
  NTSTATUS post_status = 0x7777;            // what the last one said
  PVOID post_object = nullptr;
  PVOID call_context = nullptr;  // given before
  PVOID call_context_after = nullptr;
  PVOID object_context = nullptr;  // seen last
  ULONG cleanups = 0;
  KIRQL irql = HIGH_LEVEL;
  HANDLE touches = nullptr;   // a key that the routine sets a value of
  Listener* above = nullptr;  // who must have been called already, before
  bool in_order = true;

  [[nodiscard]] NTSTATUS listen(WCHAR const* altitude) noexcept {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, altitude);
    return CmRegisterCallbackEx(hear, &text, nullptr, this, &cookie, nullptr);
  }
  void stop() noexcept {
    if (cookie.QuadPart != 0) MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS);
    cookie.QuadPart = 0;
  }
  Listener() noexcept = default;
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;
  ~Listener() { stop(); }

  [[nodiscard]] ULONG times(REG_NOTIFY_CLASS what) const noexcept {
    ULONG found = 0;
    for (ULONG i = 0; i < count && i < 32; ++i) found += heard[i] == static_cast<ULONG>(what);
    return found;
  }
  void forget() noexcept { count = 0; }

  static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID information) {
    return static_cast<Listener*>(context)->hear(
        static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(what)), information);
  }
  NTSTATUS hear(ULONG what, PVOID information) noexcept;
};

bool is_post(ULONG what) {
  return what == RegNtPostSetValueKey || what == RegNtPostCreateKeyEx ||
         what == RegNtPostOpenKeyEx || what == RegNtPostQueryValueKey ||
         what == RegNtPostKeyHandleClose || what == RegNtPostDeleteKey;
}

NTSTATUS Listener::hear(ULONG what, PVOID information) noexcept {
  if (count < 32) heard[count] = what;
  ++count;
  irql = KeGetCurrentIrql();
  if (what == RegNtCallbackObjectContextCleanup) {
    ++cleanups;
    object_context =
        static_cast<REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION*>(information)->ObjectContext;
    return STATUS_SUCCESS;
  }
  if (is_post(what)) {
    auto& post = *static_cast<REG_POST_OPERATION_INFORMATION*>(information);
    post_status = post.Status;
    post_object = post.Object;
    call_context_after = post.CallContext;
    object_context = post.ObjectContext;
    if (above != nullptr) in_order = in_order && above->count + 1 == count;
    if (what == answered_class) post.ReturnStatus = return_status;
  } else if (what == RegNtPreSetValueKey) {
    auto& set = *static_cast<REG_SET_VALUE_KEY_INFORMATION*>(information);
    set.CallContext = call_context;
    object_context = set.ObjectContext;
    if (above != nullptr) in_order = in_order && above->count == count;
  }
  if (touches != nullptr) {
    HANDLE const key = touches;
    touches = nullptr;
    Text name{u"Touched"};
    MICA_CHECK(set_number(key, name, 1) == STATUS_SUCCESS);
  }
  return what == answered_class ? answer : STATUS_SUCCESS;
}

PVOID object_of(HANDLE key) {
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(key, 0, *CmKeyObjectType, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  ObDereferenceObject(object);  // the handle keeps it
  return object;
}

}  // namespace

MICA_CASE("Cm: a callback hears of each operation before and after, at PASSIVE_LEVEL") {
  CaseKey top;
  Listener listener;
  Text value{u"Value"};
  MICA_REQUIRE(listener.listen(u"100") == STATUS_SUCCESS);
  {
    KeyHandle key;
    MICA_REQUIRE(create_key(key, Attributes{u"Key", 0, top}) == STATUS_SUCCESS);
    MICA_CHECK(listener.irql == PASSIVE_LEVEL);
    MICA_CHECK(set_number(key, value, 1) == STATUS_SUCCESS);
    MICA_CHECK(number_in(key, value) == 1);
    Answer answer;
    KEY_VALUE_ENTRY entry{value, 0, 0, 0};
    KEY_WRITE_TIME_INFORMATION time{};
    ULONG bytes = 512;
    MICA_CHECK(ZwQueryKey(key, KeyBasicInformation, answer.bytes, 512, &answer.needed) ==
               STATUS_SUCCESS);
    MICA_CHECK(ZwEnumerateKey(key, 0, KeyBasicInformation, answer.bytes, 512, &answer.needed) ==
               STATUS_NO_MORE_ENTRIES);
    MICA_CHECK(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, answer.bytes, 512,
                                   &answer.needed) == STATUS_SUCCESS);
    MICA_CHECK(ZwQueryMultipleValueKey(key, &entry, 1, answer.bytes, &bytes, nullptr) ==
               STATUS_SUCCESS);
    MICA_CHECK(ZwSetInformationKey(key, KeyWriteTimeInformation, &time, sizeof time) ==
               STATUS_SUCCESS);
    MICA_CHECK(ZwFlushKey(key) == STATUS_SUCCESS);
    MICA_CHECK(ZwDeleteValueKey(key, value) == STATUS_SUCCESS);
    MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  }
  MICA_CHECK(open_key(Attributes{u"Key", 0, top}) == STATUS_OBJECT_NAME_NOT_FOUND);
  constexpr REG_NOTIFY_CLASS expected[] = {RegNtPreCreateKeyEx,
                                           RegNtPostCreateKeyEx,
                                           RegNtPreSetValueKey,
                                           RegNtPostSetValueKey,
                                           RegNtPreQueryValueKey,
                                           RegNtPostQueryValueKey,
                                           RegNtPreQueryKey,
                                           RegNtPostQueryKey,
                                           RegNtPreEnumerateKey,
                                           RegNtPostEnumerateKey,
                                           RegNtPreEnumerateValueKey,
                                           RegNtPostEnumerateValueKey,
                                           RegNtPreQueryMultipleValueKey,
                                           RegNtPostQueryMultipleValueKey,
                                           RegNtPreSetInformationKey,
                                           RegNtPostSetInformationKey,
                                           RegNtPreFlushKey,
                                           RegNtPostFlushKey,
                                           RegNtPreDeleteValueKey,
                                           RegNtPostDeleteValueKey,
                                           RegNtPreDeleteKey,
                                           RegNtPostDeleteKey,
                                           RegNtPreKeyHandleClose,
                                           RegNtPostKeyHandleClose,
                                           RegNtPreOpenKeyEx,
                                           RegNtPostOpenKeyEx};
  MICA_CHECK(listener.count == RTL_NUMBER_OF(expected));
  for (ULONG i = 0; i < RTL_NUMBER_OF(expected); ++i)
    MICA_CHECK(listener.heard[i] == static_cast<ULONG>(expected[i]));
  MICA_CHECK(listener.post_status == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(listener.post_object == nullptr);
  listener.stop();
  listener.forget();
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(listener.count == 0);
}

MICA_CASE("Cm: what comes before is told from the highest altitude down, what comes after upward") {
  CaseKey top;
  Listener high, low, middle, plain, collides;
  MICA_CHECK(low.listen(u"9.5") == STATUS_SUCCESS);
  MICA_CHECK(high.listen(u"0100") == STATUS_SUCCESS);
  MICA_CHECK(middle.listen(u"9.51") == STATUS_SUCCESS);
  MICA_CHECK(CmRegisterCallback(Listener::hear, &plain, &plain.cookie) == STATUS_SUCCESS);
  MICA_CHECK(collides.listen(u"100.0") == STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
  for (auto const* const altitude : {u"", u".5", u"x", u"1.2.3", u"-1"})
    MICA_CHECK(collides.listen(altitude) == STATUS_INVALID_PARAMETER);
  // Before, who is above has heard already one more than oneself; after, not yet.
  middle.above = &high;
  low.above = &middle;
  plain.above = &low;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  for (auto const* const listener : {&high, &middle, &low, &plain}) {
    MICA_CHECK(listener->count == 2 && listener->in_order);
    MICA_CHECK(listener->post_status == STATUS_SUCCESS);
    MICA_CHECK(listener->post_object == object_of(top));
  }
}

MICA_CASE("Cm: an error before ends the operation, and only who is above hears of it") {
  CaseKey top;
  Listener high, middle, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && middle.listen(u"2") == STATUS_SUCCESS &&
               low.listen(u"1") == STATUS_SUCCESS);
  middle.answered_class = RegNtPreSetValueKey;
  middle.answer = STATUS_NOT_SUPPORTED;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_NOT_SUPPORTED);
  MICA_CHECK(high.count == 2 && high.post_status == STATUS_NOT_SUPPORTED);
  MICA_CHECK(middle.count == 1 && low.count == 0);
  middle.stop();
  MICA_CHECK(number_in(top, value) == MAXULONG);
}

MICA_CASE("Cm: STATUS_CALLBACK_BYPASS before makes the operation succeed without being done") {
  CaseKey top;
  Listener high, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && low.listen(u"2") == STATUS_SUCCESS);
  low.answered_class = RegNtPreSetValueKey;
  low.answer = STATUS_CALLBACK_BYPASS;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(high.count == 2 && high.post_status == STATUS_SUCCESS && low.count == 1);
  low.stop();
  MICA_CHECK(number_in(top, value) == MAXULONG);
}

MICA_CASE("Cm: STATUS_CALLBACK_BYPASS after changes what the caller gets") {
  CaseKey top;
  Listener high, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && low.listen(u"2") == STATUS_SUCCESS);
  Text value{u"Value"};
  low.answered_class = RegNtPostSetValueKey;
  low.answer = STATUS_CALLBACK_BYPASS;
  low.return_status = STATUS_TOO_LATE;
  MICA_CHECK(set_number(top, value, 5) == STATUS_TOO_LATE);
  MICA_CHECK(high.post_status == STATUS_TOO_LATE);
  MICA_CHECK(number_in(top, value) == 5);
  // A key that was opened is not the caller's then, and leaks no reference.
  low.answered_class = RegNtPostOpenKeyEx;
  KeyHandle key;
  MICA_CHECK(ZwOpenKey(key.out(), KEY_READ, Attributes{u"", 0, top}) == STATUS_TOO_LATE);
  MICA_CHECK(key == nullptr);
  low.answered_class = RegNtPostQueryValueKey;
  low.return_status = STATUS_SUCCESS;
  Text absent{u"Absent"};
  Answer answer;
  MICA_CHECK(ZwQueryValueKey(top, absent, KeyValueBasicInformation, answer.bytes, 512,
                             &answer.needed) == STATUS_SUCCESS);
  MICA_CHECK(high.post_status == STATUS_SUCCESS);
}

MICA_CASE("Cm: what a callback keeps with an operation comes back to it, and to no other") {
  CaseKey top;
  Listener high, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && low.listen(u"2") == STATUS_SUCCESS);
  high.call_context = &high;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(high.call_context_after == &high && low.call_context_after == nullptr);
}

MICA_CASE("Cm: what a callback keeps with a key comes back until the key is closed") {
  CaseKey top;
  Listener high, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && low.listen(u"2") == STATUS_SUCCESS);
  Text value{u"Value"};
  PVOID old = &old;
  {
    SubKey key{top, u"Key"};
    PVOID const object = object_of(key);
    MICA_CHECK(CmSetCallbackObjectContext(object, &high.cookie, &high, &old) == STATUS_SUCCESS);
    MICA_CHECK(old == nullptr);
    MICA_CHECK(set_number(key, value, 1) == STATUS_SUCCESS);
    MICA_CHECK(high.object_context == &high && low.object_context == nullptr);
    MICA_CHECK(CmSetCallbackObjectContext(object, &high.cookie, &old, &old) == STATUS_SUCCESS);
    MICA_CHECK(old == &high && high.cleanups == 0);
    LARGE_INTEGER unknown;
    unknown.QuadPart = -1;
    MICA_CHECK(CmSetCallbackObjectContext(object, &unknown, &old, nullptr) ==
               STATUS_INVALID_PARAMETER);
    // What is taken back is not cleaned up.
    MICA_CHECK(CmSetCallbackObjectContext(object, &low.cookie, &low, nullptr) == STATUS_SUCCESS);
    MICA_CHECK(CmSetCallbackObjectContext(object, &low.cookie, nullptr, &old) == STATUS_SUCCESS);
    MICA_CHECK(old == &low);
    MICA_CHECK(CmSetCallbackObjectContext(object, &low.cookie, nullptr, &old) == STATUS_SUCCESS);
    MICA_CHECK(old == nullptr);
  }
  MICA_CHECK(high.cleanups == 1 && high.object_context == &old && low.cleanups == 0);
}

MICA_CASE("Cm: a callback that is taken back cleans up what it keeps with keys") {
  CaseKey top;
  Listener listener;
  MICA_REQUIRE(listener.listen(u"3") == STATUS_SUCCESS);
  MICA_CHECK(CmSetCallbackObjectContext(object_of(top), &listener.cookie, &top, nullptr) ==
             STATUS_SUCCESS);
  LARGE_INTEGER const cookie = listener.cookie;
  listener.stop();
  MICA_CHECK(listener.cleanups == 1 && listener.object_context == &top);
  MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Cm: what a callback does itself is told to lower altitudes only") {
  CaseKey top;
  SubKey other{top, u"Other"};
  Listener high, middle, low;
  MICA_REQUIRE(high.listen(u"3") == STATUS_SUCCESS && middle.listen(u"2") == STATUS_SUCCESS &&
               low.listen(u"1") == STATUS_SUCCESS);
  middle.touches = other;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(high.times(RegNtPreSetValueKey) == 1 && middle.times(RegNtPreSetValueKey) == 1);
  MICA_CHECK(low.times(RegNtPreSetValueKey) == 2 && low.times(RegNtPostSetValueKey) == 2);
}

MICA_CASE("Cm: a callback that opens a key itself gives the caller its own") {
  CaseKey top;
  SubKey other{top, u"Other"};
  struct Giver {
    PVOID object;
    bool as_documented;
    static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID information) {
      if (reinterpret_cast<ULONG_PTR>(what) != RegNtPreOpenKeyEx) return STATUS_SUCCESS;
      auto& giver = *static_cast<Giver*>(context);
      auto& open = *static_cast<REG_OPEN_KEY_INFORMATION_V1*>(information);
      constexpr WCHAR wanted[] = u"\\Registry\\Machine\\No such key";
      giver.as_documented = open.Version == 1 && open.DesiredAccess == KEY_ALL_ACCESS &&
                            open.ObjectType == *CmKeyObjectType &&
                            open.CompleteName->Length == sizeof wanted - sizeof *wanted &&
                            open.RemainingName->Buffer[0] == u'M' && open.RootObject != nullptr;
      ObReferenceObject(giver.object);
      *open.ResultObject = giver.object;
      open.GrantedAccess = KEY_READ;
      return STATUS_CALLBACK_BYPASS;
    }
  };
  Giver giver{object_of(other), false};
  Text altitude{u"7"}, value{u"Value"};
  LARGE_INTEGER cookie{};
  MICA_CHECK(set_number(other, value, 8) == STATUS_SUCCESS);
  MICA_REQUIRE(CmRegisterCallbackEx(Giver::hear, altitude, nullptr, &giver, &cookie, nullptr) ==
               STATUS_SUCCESS);
  KeyHandle key;
  Attributes absent{u"\\Registry\\Machine\\No such key"};
  MICA_CHECK(ZwOpenKey(key.out(), KEY_ALL_ACCESS, absent) == STATUS_SUCCESS);
  MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS);
  MICA_CHECK(giver.as_documented);
  MICA_CHECK(number_in(key, value) == 8);
  OBJECT_HANDLE_INFORMATION handle{};
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(key, 0, *CmKeyObjectType, KernelMode, &object, &handle) ==
               STATUS_SUCCESS);
  ObDereferenceObject(object);
  MICA_CHECK(object == giver.object && handle.GrantedAccess == KEY_READ);
}

MICA_CASE("Cm: taking a callback back waits for its calls") {
  CaseKey top;
  struct Slow {
    KEVENT entered, go_on;
    bool done;
    static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID) {
      auto& slow = *static_cast<Slow*>(context);
      if (reinterpret_cast<ULONG_PTR>(what) != RegNtPreSetValueKey) return STATUS_SUCCESS;
      KeSetEvent(&slow.entered, 0, FALSE);
      MICA_CHECK(wait(&slow.go_on) == STATUS_SUCCESS);
      slow.done = true;
      return STATUS_SUCCESS;
    }
  };
  Slow slow{};
  KeInitializeEvent(&slow.entered, NotificationEvent, FALSE);
  KeInitializeEvent(&slow.go_on, NotificationEvent, FALSE);
  LARGE_INTEGER cookie{};
  MICA_REQUIRE(CmRegisterCallback(Slow::hear, &slow, &cookie) == STATUS_SUCCESS);
  Text value{u"Value"};
  auto set = [&] { MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS); };
  bool done_first = false;
  auto take_back = [&] {
    MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS);
    done_first = slow.done;
  };
  Thread* const setter = start(set);
  MICA_CHECK(wait(&slow.entered) == STATUS_SUCCESS);
  Thread* const taker = start(take_back);
  until_waiting(taker);
  MICA_CHECK(!done_first);
  KeSetEvent(&slow.go_on, 0, FALSE);
  join(setter);
  join(taker);
  MICA_CHECK(done_first);
  MICA_CHECK(number_in(top, value) == 1);
}

MICA_CASE("Cm: the version of the callbacks is 1.1") {
  ULONG major = 0, minor = 0;
  CmGetCallbackVersion(&major, &minor);
  MICA_CHECK(major == 1 && minor == 1);
  CmGetCallbackVersion(nullptr, nullptr);
}
