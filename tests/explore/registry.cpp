// C1: of a key that is made, opened and deleted at once, each sees one that is whole, or none; what
// callbacks are told goes on as long as it may.
#include "conformance/cm_support.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::Attributes;
using mica::test::CaseKey;
using mica::test::KeyHandle;
using mica::test::Text;

namespace {

constexpr WCHAR name[] = u"Key";

NTSTATUS open(HANDLE top, KeyHandle& key) noexcept {
  return ZwOpenKey(key.out(), KEY_ALL_ACCESS, Attributes{name, OBJ_CASE_INSENSITIVE, top});
}

NTSTATUS create(HANDLE top, KeyHandle& key, ULONG* disposition) noexcept {
  return mica::test::create_key(key, Attributes{name, OBJ_CASE_INSENSITIVE, top}, 0, disposition);
}

}  // namespace

MICA_EXPLORE("C1-key", "C1: of a key that is made, opened and deleted each sees all or nothing",
             .processors = 3, .bound = 1) {
  CaseKey top;
  KeyHandle made, opened, doomed;
  Text value{u"Value"};
  MICA_REQUIRE(create(top, doomed, nullptr) == STATUS_SUCCESS);
  MICA_REQUIRE(mica::test::set_number(doomed, value, 1) == STATUS_SUCCESS);
  ULONG disposition = 0, seen = 0;
  NTSTATUS found = STATUS_SUCCESS;
  auto maker = [&] { MICA_CHECK(create(top, made, &disposition) == STATUS_SUCCESS); };
  auto opener = [&] {
    found = open(top, opened);
    if (NT_SUCCESS(found)) seen = mica::test::number_in(opened, value);
  };
  auto deleter = [&] { MICA_CHECK(ZwDeleteKey(doomed) == STATUS_SUCCESS); };
  {
    Team team{window};
    team.add(maker, {.processor = 0});
    team.add(opener, {.processor = 1});
    team.add(deleter, {.processor = 2});
    team.run();
  }
  MICA_CHECK(found == STATUS_SUCCESS || found == STATUS_OBJECT_NAME_NOT_FOUND);
  // The old key's value, or of a deleted or a new one nothing.
  if (NT_SUCCESS(found)) MICA_CHECK(seen == 1 || seen == MAXULONG);
  bool const fresh = disposition == REG_CREATED_NEW_KEY;
  MICA_CHECK(ZwDeleteKey(made) == (fresh ? STATUS_SUCCESS : STATUS_KEY_DELETED));
  KeyHandle none;
  MICA_CHECK(open(top, none) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_EXPLORE("C1-value", "C1: a value is read whole while it is replaced and deleted",
             .processors = 3, .bound = 1) {
  CaseKey top;
  Text value{u"Value"};
  MICA_REQUIRE(mica::test::set_value(top, value, REG_BINARY, "aaaa", 4) == STATUS_SUCCESS);
  auto writer = [&] {
    MICA_CHECK(mica::test::set_value(top, value, REG_SZ, "bbbbbbbb", 8) == STATUS_SUCCESS);
  };
  auto reader = [&] {
    mica::test::Answer answer;
    NTSTATUS const status = ZwQueryValueKey(top, value, KeyValuePartialInformation, answer.bytes,
                                            sizeof answer.bytes, &answer.needed);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) return;
    MICA_CHECK(status == STATUS_SUCCESS);
    auto const& found = answer.as<KEY_VALUE_PARTIAL_INFORMATION>();
    bool const old = found.Type == REG_BINARY && found.DataLength == 4 && found.Data[3] == 'a';
    bool const fresh = found.Type == REG_SZ && found.DataLength == 8 && found.Data[7] == 'b';
    MICA_CHECK(old || fresh);
  };
  auto deleter = [&] { MICA_CHECK(ZwDeleteValueKey(top, value) == STATUS_SUCCESS); };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.add(deleter, {.processor = 2});
  team.run();
}

MICA_EXPLORE("C1-callback", "C1: a callback is called until it is taken back, and not after",
             .processors = 2, .bound = 1) {
  struct Heard {
    std::atomic<bool> over{false};
    std::atomic<int> calls{0}, cleanups{0};
    static NTSTATUS NTAPI hear(PVOID context, PVOID what, PVOID) {
      auto& heard = *static_cast<Heard*>(context);
      MICA_CHECK(!heard.over);
      if (reinterpret_cast<ULONG_PTR>(what) == RegNtCallbackObjectContextCleanup)
        ++heard.cleanups;
      else
        ++heard.calls;
      return STATUS_SUCCESS;
    }
  };
  CaseKey top;
  Heard heard;
  LARGE_INTEGER cookie{};
  MICA_REQUIRE(CmRegisterCallback(Heard::hear, &heard, &cookie) == STATUS_SUCCESS);
  KeyHandle key;
  MICA_REQUIRE(ZwOpenKey(key.out(), KEY_READ, Attributes{u"", 0, top}) == STATUS_SUCCESS);
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(key, 0, *CmKeyObjectType, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  MICA_REQUIRE(CmSetCallbackObjectContext(object, &cookie, &heard, nullptr) == STATUS_SUCCESS);
  ObDereferenceObject(object);
  auto closer = [&] { key.close(); };
  auto taker = [&] {
    MICA_CHECK(CmUnRegisterCallback(cookie) == STATUS_SUCCESS);
    heard.over = true;
  };
  Team team{window};
  meet(team, closer, taker);
  MICA_CHECK(heard.cleanups == 1);
}
