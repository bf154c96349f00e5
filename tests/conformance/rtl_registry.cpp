// The registry by path: RtlQueryRegistryValues with each of its flags, and its relatives.
#include "rtl_registry_support.hpp"

using namespace mica::test;

MICA_CASE("Rtl: a table calls its routines with the values that it names") {
  CaseKey top;
  Text number{u"Number"}, text{u"Text"}, bare{u"Bare"};
  Calls calls;
  int mark = 0;
  MICA_CHECK(set_number(top, number, 17) == STATUS_SUCCESS);
  put(top, text, REG_SZ, u"abc");
  MICA_CHECK(set_value(top, bare, REG_SZ, u"xy", 4) == STATUS_SUCCESS);  // without its null
  auto entry = ask(u"Number", 0, &calls);
  entry.EntryContext = &mark;
  MICA_CHECK(query(&calls, nullptr, entry, ask(u"Text", 0, &calls), ask(u"Bare", 0, &calls),
                   ask(u"Absent", 0, &calls)) == STATUS_SUCCESS);
  ULONG const seventeen = 17;
  MICA_CHECK(calls.count == 3 && calls.calls[0].entry_context == &mark);
  MICA_CHECK(calls.was(0, u"Number", REG_DWORD, &seventeen, 4));
  MICA_CHECK(calls.was(1, u"Text", REG_SZ, u"abc", 8));
  MICA_CHECK(calls.was(2, u"Bare", REG_SZ, u"xy", 6));
  calls.answer = STATUS_TOO_LATE;
  MICA_CHECK(query(&calls, nullptr, ask(u"Text", 0, &calls), ask(u"Bare", 0, &calls)) ==
             STATUS_TOO_LATE);
  MICA_CHECK(calls.count == 4);
}

MICA_CASE("Rtl: a value that is not there has its default, or is required") {
  CaseKey top;
  Calls calls;
  auto required = ask(u"Absent", RTL_QUERY_REGISTRY_REQUIRED, &calls);
  MICA_CHECK(query(&calls, nullptr, required) == STATUS_OBJECT_NAME_NOT_FOUND);
  auto entry = ask(u"Absent", 0, &calls);
  entry.DefaultType = REG_SZ;
  entry.DefaultData = const_cast<WCHAR*>(u"why");
  MICA_CHECK(query(&calls, nullptr, entry) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 1 && calls.was(0, u"Absent", REG_SZ, u"why", 8));
  entry.DefaultType = REG_MULTI_SZ;
  entry.DefaultData = const_cast<WCHAR*>(u"a\0bc\0");
  MICA_CHECK(query(&calls, nullptr, entry) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 3 && calls.was(1, u"Absent", REG_SZ, u"a", 4));
  MICA_CHECK(calls.was(2, u"Absent", REG_SZ, u"bc", 6));
  entry.Flags = RTL_QUERY_REGISTRY_NOEXPAND;
  MICA_CHECK(query(&calls, nullptr, entry) == STATUS_SUCCESS);
  MICA_CHECK(calls.was(3, u"Absent", REG_MULTI_SZ, u"a\0bc\0", 12));
  ULONG number = 1, standard = 33;
  auto stored = direct(u"Absent", &number, RTL_QUERY_REGISTRY_TYPECHECK,
                       REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT | REG_DWORD);
  stored.DefaultData = &standard;
  stored.DefaultLength = sizeof standard;
  MICA_CHECK(query(nullptr, nullptr, stored) == STATUS_SUCCESS);
  MICA_CHECK(number == 33);
}

MICA_CASE("Rtl: strings of a REG_MULTI_SZ come one by one, variables are expanded, unless not to") {
  CaseKey top;
  Text several{u"Several"}, expand{u"Expand"};
  put(top, several, REG_MULTI_SZ, u"one\0two\0");
  put(top, expand, REG_EXPAND_SZ, u"%a%-%No%-%A%%");
  WCHAR environment[] = u"B=x\0A=long\0";
  Calls calls;
  MICA_CHECK(query(&calls, environment, ask(u"Several", 0, &calls), ask(u"Expand", 0, &calls)) ==
             STATUS_SUCCESS);
  MICA_CHECK(calls.count == 3 && calls.was(0, u"Several", REG_SZ, u"one", 8));
  MICA_CHECK(calls.was(1, u"Several", REG_SZ, u"two", 8));
  constexpr WCHAR expanded[] = u"long-%No%-long%", kept[] = u"%a%-%No%-%A%%";
  MICA_CHECK(calls.was(2, u"Expand", REG_SZ, expanded, sizeof expanded));
  MICA_CHECK(query(&calls, nullptr, ask(u"Expand", 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.was(3, u"Expand", REG_SZ, kept, sizeof kept));
  ULONG const as_is = RTL_QUERY_REGISTRY_NOEXPAND;
  MICA_CHECK(query(&calls, environment, ask(u"Several", as_is, &calls),
                   ask(u"Expand", as_is, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 6 && calls.was(4, u"Several", REG_MULTI_SZ, u"one\0two\0", 18));
  MICA_CHECK(calls.was(5, u"Expand", REG_EXPAND_SZ, kept, sizeof kept));
}

MICA_CASE("Rtl: an entry without a name is about all values, or with NOVALUE about none") {
  CaseKey top;
  Text first{u"First"}, second{u"Second"};
  Calls calls;
  ULONG const one = 1, two = 2;
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, RTL_QUERY_REGISTRY_REQUIRED, &calls)) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(calls.count == 0);
  MICA_CHECK(set_number(top, first, 1) == STATUS_SUCCESS);
  MICA_CHECK(set_number(top, second, 2) == STATUS_SUCCESS);
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, RTL_QUERY_REGISTRY_NOVALUE, &calls),
                   ask(nullptr, 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 3 && calls.was(0, u"", REG_NONE, &one, 0));
  MICA_CHECK(calls.was(1, u"First", REG_DWORD, &one, 4));
  MICA_CHECK(calls.was(2, u"Second", REG_DWORD, &two, 4));
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, RTL_QUERY_REGISTRY_DELETE, &calls)) ==
             STATUS_SUCCESS);
  MICA_CHECK(calls.count == 5 && number_in(top, first) == MAXULONG);
  MICA_CHECK(number_in(top, second) == MAXULONG);
}

MICA_CASE("Rtl: entries behind SUBKEY are about a subkey, until TOPKEY") {
  CaseKey top;
  SubKey below{top, u"Below"}, other{top, u"Other"};
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(set_number(below, value, 2) == STATUS_SUCCESS);
  MICA_CHECK(set_number(other, value, 3) == STATUS_SUCCESS);
  ULONG numbers[4]{};
  auto const in = [](WCHAR const* name) {
    RTL_QUERY_REGISTRY_TABLE entry{};
    entry.Flags = RTL_QUERY_REGISTRY_SUBKEY;
    entry.Name = const_cast<WCHAR*>(name);
    return entry;
  };
  RTL_QUERY_REGISTRY_TABLE back{};
  back.Flags = RTL_QUERY_REGISTRY_TOPKEY;
  MICA_CHECK(query(nullptr, nullptr, direct(u"Value", &numbers[0]), in(u"Below"),
                   direct(u"Value", &numbers[1]), in(u"Other"), direct(u"Value", &numbers[2]), back,
                   direct(u"Value", &numbers[3])) == STATUS_SUCCESS);
  MICA_CHECK(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 3 && numbers[3] == 1);
  Calls calls;
  auto all = in(u"Below");
  all.QueryRoutine = Calls::take;
  MICA_CHECK(query(&calls, nullptr, all) == STATUS_SUCCESS && calls.count == 1);
  MICA_CHECK(query(nullptr, nullptr, in(u"Absent"), direct(u"Value", &numbers[0])) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(query(nullptr, nullptr, in(nullptr)) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Rtl: DIRECT stores a string where it is told, or in a buffer of its own") {
  CaseKey top;
  Text text{u"Text"}, several{u"Several"};
  put(top, text, REG_SZ, u"abcd");
  put(top, several, REG_MULTI_SZ, u"x\0y\0");
  WCHAR buffer[5];
  UNICODE_STRING given{0, sizeof buffer, buffer}, made{};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Text", &given), direct(u"Text", &made)) ==
             STATUS_SUCCESS);
  MICA_CHECK(given.Length == 8 && std::memcmp(buffer, u"abcd", 10) == 0);
  MICA_CHECK(made.Length == 8 && made.MaximumLength == 10 && made.Buffer != nullptr);
  MICA_CHECK(std::memcmp(made.Buffer, u"abcd", 10) == 0);
  RtlFreeUnicodeString(&made);
  given.MaximumLength = 9;
  MICA_CHECK(query(nullptr, nullptr, direct(u"Text", &given)) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(query(nullptr, nullptr, direct(u"Several", &made)) == STATUS_INVALID_PARAMETER);
  given = {0, sizeof buffer, buffer};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Several", &given, RTL_QUERY_REGISTRY_NOEXPAND)) ==
             STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(buffer, u"x\0y\0", 10) == 0);
}

MICA_CASE("Rtl: DIRECT stores data that is no string by its size") {
  CaseKey top;
  Text small{u"Small"}, large{u"Large"};
  MICA_CHECK(set_value(top, small, REG_BINARY, "abc", 3) == STATUS_SUCCESS);
  MICA_CHECK(set_value(top, large, REG_QWORD, "12345678", 8) == STATUS_SUCCESS);
  UCHAR three[4] = {9, 9, 9, 9};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Small", three)) == STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(three, "abc\x09", 4) == 0);
  struct {
    LONG length;
    ULONG type;
    UCHAR data[8];
  } whole{16, 0, {}};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Large", &whole)) == STATUS_SUCCESS);
  MICA_CHECK(whole.length == 8 && whole.type == REG_QWORD);
  MICA_CHECK(std::memcmp(whole.data, "12345678", 8) == 0);
  whole.length = 15;
  MICA_CHECK(query(nullptr, nullptr, direct(u"Large", &whole)) == STATUS_BUFFER_TOO_SMALL);
  union {
    LONG length;
    UCHAR data[8];
  } alone{-8};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Large", &alone)) == STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(alone.data, "12345678", 8) == 0);
  alone.length = -7;
  MICA_CHECK(query(nullptr, nullptr, direct(u"Large", &alone)) == STATUS_BUFFER_TOO_SMALL);
}

MICA_CASE("Rtl: TYPECHECK refuses another type, DELETE deletes what was read") {
  CaseKey top;
  Text number{u"Number"};
  MICA_CHECK(set_number(top, number, 5) == STATUS_SUCCESS);
  ULONG found = 0;
  auto const checked = [&](ULONG type, ULONG flags) {
    return direct(u"Number", &found, RTL_QUERY_REGISTRY_TYPECHECK | flags,
                  type << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT);
  };
  MICA_CHECK(query(nullptr, nullptr, checked(REG_SZ, RTL_QUERY_REGISTRY_DELETE)) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(found == 0);
  MICA_CHECK(query(nullptr, nullptr, checked(REG_DWORD, RTL_QUERY_REGISTRY_DELETE)) ==
             STATUS_SUCCESS);
  MICA_CHECK(found == 5 && number_in(top, number) == MAXULONG);
}

MICA_CASE("Rtl: a table that cannot be is refused") {
  CaseKey top;
  ULONG number = 0;
  auto both = direct(u"Number", &number);
  both.QueryRoutine = Calls::take;
  MICA_CHECK(query(nullptr, nullptr, both) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(query(nullptr, nullptr, direct(nullptr, &number)) == STATUS_INVALID_PARAMETER);
  RTL_QUERY_REGISTRY_TABLE table[] = {no_more};
  auto const from = [&](ULONG relative, WCHAR const* where) {
    return RtlQueryRegistryValues(relative, where, table, nullptr, nullptr);
  };
  MICA_CHECK(from(RTL_REGISTRY_MAXIMUM, u"x") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(from(RTL_REGISTRY_SERVICES, u"Absent") == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(from(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, u"Absent") == STATUS_SUCCESS);
  MICA_CHECK(from(RTL_REGISTRY_HANDLE, static_cast<WCHAR const*>(HANDLE{top})) == STATUS_SUCCESS);
}

MICA_CASE("Rtl: keys and values by path, from each folder") {
  constexpr ULONG folders[] = {RTL_REGISTRY_SERVICES, RTL_REGISTRY_CONTROL, RTL_REGISTRY_WINDOWS_NT,
                               RTL_REGISTRY_USER};
  WCHAR name[] = u"Case", value[] = u"Value";
  for (ULONG const folder : folders) {
    MICA_CHECK(RtlCheckRegistryKey(folder, name) == STATUS_OBJECT_NAME_NOT_FOUND);
    MICA_CHECK(RtlCreateRegistryKey(folder, name) == STATUS_SUCCESS);
    MICA_CHECK(RtlCreateRegistryKey(folder, name) == STATUS_SUCCESS);
    MICA_CHECK(RtlCheckRegistryKey(folder, name) == STATUS_SUCCESS);
    ULONG number = 100 + folder;
    MICA_CHECK(RtlWriteRegistryValue(folder, name, value, REG_DWORD, &number, 4) == STATUS_SUCCESS);
    number = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {direct(value, &number), no_more};
    MICA_CHECK(RtlQueryRegistryValues(folder, name, table, nullptr, nullptr) == STATUS_SUCCESS);
    MICA_CHECK(number == 100 + folder);
    MICA_CHECK(RtlDeleteRegistryValue(folder, name, value) == STATUS_SUCCESS);
    MICA_CHECK(RtlDeleteRegistryValue(folder, name, value) == STATUS_OBJECT_NAME_NOT_FOUND);
  }
  for (auto* const made : {u"\\Registry\\Machine\\System\\ControlSet001\\Services\\Case",
                           u"\\Registry\\Machine\\System\\ControlSet001\\Control\\Case",
                           u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\"
                           u"Case",
                           u"\\Registry\\User\\.Default\\Case"}) {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, made);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
    KeyHandle key;
    MICA_REQUIRE(ZwOpenKey(key.out(), DELETE, &attributes) == STATUS_SUCCESS);
    MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  }
  MICA_CHECK(RtlCheckRegistryKey(RTL_REGISTRY_DEVICEMAP, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(RtlCheckRegistryKey(RTL_REGISTRY_MAXIMUM, name) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlCreateRegistryKey(RTL_REGISTRY_DEVICEMAP, name) == STATUS_CHILD_MUST_BE_VOLATILE);
}

MICA_CASE("Rtl: writing a value makes the key") {
  WCHAR name[] = u"\\Registry\\Machine\\Software\\Case", value[] = u"";
  ULONG number = 4;
  MICA_CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, name, value, REG_DWORD, &number, 4) ==
             STATUS_SUCCESS);
  CaseKey top;  // and deletes it
  MICA_CHECK(number_in(top, Text{u""}) == 4);
  MICA_CHECK(RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, static_cast<WCHAR*>(HANDLE{top}), value,
                                   REG_DWORD, &number, 4) == STATUS_SUCCESS);
}
