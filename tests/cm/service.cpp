// The key of a driver's service that whoever loads the driver makes.
#include <mica/system.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "catch.hpp"

#include "cm/state.hpp"
#include "conformance/cm_transaction_support.hpp"

using namespace mica;
using namespace mica::test;

namespace {

// Of text that stays.
UNICODE_STRING view(std::u16string_view text) {
  auto const bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(text.data())};
}

NTSTATUS make(std::u16string const& service) { return cm::make_service_key(view(service)); }

NTSTATUS open(KeyHandle& key, std::u16string const& service) {
  std::u16string path = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services";
  if (!service.empty()) path += u"\\" + service;
  UNICODE_STRING name = view(path);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  return ZwOpenKey(key.out(), KEY_ALL_ACCESS, &attributes);
}

// Whether the value has that type and those bytes.
bool has(HANDLE key, std::u16string const& name, ULONG type, void const* data, ULONG bytes) {
  alignas(8) UCHAR room[2048];
  ULONG length = 0;
  UNICODE_STRING value = view(name);
  if (ZwQueryValueKey(key, &value, KeyValuePartialInformation, room, sizeof room, &length) !=
      STATUS_SUCCESS)
    return false;
  auto const& information = *reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION*>(room);
  return information.Type == type && information.DataLength == bytes &&
         std::memcmp(information.Data, data, bytes) == 0;
}
bool has(HANDLE key, std::u16string const& name, ULONG number) {
  return has(key, name, REG_DWORD, &number, sizeof number);
}
bool has_path(HANDLE key, std::u16string const& path) {
  return has(key, u"ImagePath", REG_EXPAND_SZ, path.c_str(),
             static_cast<ULONG>((path.size() + 1) * sizeof(WCHAR)));
}

}  // namespace

TEST_CASE("cm: the key of a service says what an installation writes", "[cm]") {
  System system;
  system.run([] {
    CHECK(make(u"Case") == STATUS_SUCCESS);
    KeyHandle key;
    REQUIRE(open(key, u"Case") == STATUS_SUCCESS);
    CHECK(has_path(key, u"\\SystemRoot\\System32\\drivers\\Case.sys"));
    CHECK(has(key, u"Type", 1));
    CHECK(has(key, u"Start", 3));
    CHECK(has(key, u"ErrorControl", 1));
  });
}

TEST_CASE("cm: what the key of a service says already stays", "[cm]") {
  System system;
  system.run([] {
    CHECK(make(u"Case") == STATUS_SUCCESS);
    KeyHandle key;
    REQUIRE(open(key, u"Case") == STATUS_SUCCESS);
    ULONG const at_boot = 0;
    UNICODE_STRING start = view(u"Start"), type = view(u"Type");
    CHECK(set_number(key, &start, at_boot) == STATUS_SUCCESS);
    CHECK(ZwDeleteValueKey(key, &type) == STATUS_SUCCESS);
    CHECK(make(u"CASE") == STATUS_SUCCESS);
    CHECK(has(key, u"Start", at_boot));
    CHECK(has(key, u"Type", 1));
    CHECK(has_path(key, u"\\SystemRoot\\System32\\drivers\\Case.sys"));
  });
}

TEST_CASE("cm: when a service's key gets a value, its time is that", "[cm]") {
  System system;
  system.run([] {
    CHECK(make(u"Case") == STATUS_SUCCESS);
    KeyHandle key;
    REQUIRE(open(key, u"Case") == STATUS_SUCCESS);
    auto const last_write = [&] {
      KEY_BASIC_INFORMATION information;
      ULONG length = 0;
      static_cast<void>(ZwQueryKey(key, KeyBasicInformation, &information, sizeof information,
                                   &length));
      return information.LastWriteTime.QuadPart;
    };
    LONGLONG const before = last_write();
    LARGE_INTEGER second;
    second.QuadPart = -10'000'000;
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &second) == STATUS_SUCCESS);
    CHECK(make(u"Case") == STATUS_SUCCESS);
    CHECK(last_write() == before);  // nothing was missing
    UNICODE_STRING type = view(u"Type");
    CHECK(ZwDeleteValueKey(key, &type) == STATUS_SUCCESS);
    LONGLONG const deleted = last_write();
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &second) == STATUS_SUCCESS);
    CHECK(make(u"Case") == STATUS_SUCCESS);
    CHECK(last_write() > deleted);
  });
}

TEST_CASE("cm: a service has the name of a key", "[cm]") {
  System system;
  system.run([] {
    constexpr NTSTATUS invalid = STATUS_INVALID_PARAMETER;
    for (char16_t const* const name : {u"", u"\\", u"\\Case", u"Ca\\se", u"Case\\"})
      CHECK(make(name) == invalid);
    std::u16string const longest(cm::key_name_bytes_max / sizeof(WCHAR), u'n');
    CHECK(make(longest + u"n") == invalid);
    CHECK(make(longest) == STATUS_SUCCESS);
    KeyHandle key;
    REQUIRE(open(key, longest) == STATUS_SUCCESS);
    CHECK(has_path(key, u"\\SystemRoot\\System32\\drivers\\" + longest + u".sys"));
    std::u16string const path = u"Part\\Rest";  // of which it is the beginning
    UNICODE_STRING part = view(path);
    part.Length = 4 * sizeof(WCHAR);
    CHECK(cm::make_service_key(part) == STATUS_SUCCESS);
    KeyHandle of_part;
    CHECK(open(of_part, u"Part") == STATUS_SUCCESS);
  });
}

TEST_CASE("cm: a service's key that a transaction makes ends that, and is made", "[cm]") {
  System system;
  system.run([] {
    TransactionHandle const transaction;
    KeyHandle services, inside;
    REQUIRE(open(services, u"") == STATUS_SUCCESS);
    REQUIRE(create_in(inside, transaction, services, u"Case") == STATUS_SUCCESS);
    CHECK(make(u"Case") == STATUS_SUCCESS);
    KeyHandle key;
    CHECK(open(key, u"Case") == STATUS_SUCCESS);
    CHECK(has(key, u"Start", 3));
    CHECK(ZwCommitTransaction(transaction, TRUE) != STATUS_SUCCESS);
  });
}
