// The registry by path: long names and data, defaults, and what is passed on of a failure.
//                                                         [MSDN RtlQueryRegistryValues]
#include "rtl_registry_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG tag = 'gdeR';

// Text of so many characters.
class Long {
 public:
  explicit Long(ULONG length) noexcept
      : text_{static_cast<WCHAR*>(
            ExAllocatePoolWithTag(PagedPool, (length + 1) * sizeof(WCHAR), tag))} {
    MICA_REQUIRE(text_ != nullptr);
    for (ULONG i = 0; i < length; ++i) text_[i] = u'n';
    text_[length] = 0;
  }
  Long(Long const&) = delete;
  Long& operator=(Long const&) = delete;
  ~Long() { ExFreePoolWithTag(text_, tag); }
  [[nodiscard]] WCHAR* get() const noexcept { return text_; }

 private:
  WCHAR* text_;
};

// A key that is deleted while a handle to it stays.
class DeletedKey {
 public:
  explicit DeletedKey(HANDLE parent) noexcept {
    Attributes name{u"Gone", OBJ_CASE_INSENSITIVE, parent};
    MICA_REQUIRE(create_key(key_, name) == STATUS_SUCCESS);
    MICA_REQUIRE(ZwDeleteKey(key_) == STATUS_SUCCESS);
  }
  [[nodiscard]] NTSTATUS query(Calls& calls, RTL_QUERY_REGISTRY_TABLE const& entry) const noexcept {
    RTL_QUERY_REGISTRY_TABLE table[] = {entry, no_more};
    return RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, static_cast<WCHAR const*>(HANDLE{key_}),
                                  table, &calls, nullptr);
  }

 private:
  KeyHandle key_;
};

RTL_QUERY_REGISTRY_TABLE with_default(ULONG type, void const* data, ULONG bytes = 0,
                                      ULONG flags = 0) {
  return {Calls::take, flags, const_cast<WCHAR*>(u"Absent"), nullptr, type,
          const_cast<void*>(data), bytes};
}

}  // namespace

MICA_CASE("Rtl: values and names of values are found whatever their lengths") {
  CaseKey top;
  Long const name{60}, text{100};
  Text short_name{u"Text"};
  UNICODE_STRING long_name;
  RtlInitUnicodeString(&long_name, name.get());
  MICA_CHECK(set_value(top, &long_name, REG_SZ, text.get(), 202) == STATUS_SUCCESS);
  UNICODE_STRING found{};
  MICA_CHECK(query(nullptr, nullptr, direct(name.get(), &found)) == STATUS_SUCCESS);
  MICA_CHECK(found.Length == 200 && std::memcmp(found.Buffer, text.get(), 202) == 0);
  RtlFreeUnicodeString(&found);
  Calls calls;
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 1 && calls.calls[0].bytes == 202);
  MICA_CHECK(std::memcmp(calls.calls[0].name, u"nnnnnnn", 16) == 0);
}

MICA_CASE("Rtl: a string is stored as far as a counted string can be as long") {
  CaseKey top;
  Text name{u"Text"};
  Long const text{40'000};
  UNICODE_STRING found{};
  MICA_CHECK(set_value(top, name, REG_BINARY, text.get(), 4) == STATUS_SUCCESS);
  text.get()[UNICODE_STRING_MAX_CHARS - 1] = 0;
  MICA_CHECK(set_value(top, name, REG_SZ, text.get(), UNICODE_STRING_MAX_BYTES) == STATUS_SUCCESS);
  MICA_CHECK(query(nullptr, nullptr, direct(u"Text", &found)) == STATUS_SUCCESS);
  MICA_CHECK(found.Length == UNICODE_STRING_MAX_BYTES - 2);
  MICA_CHECK(found.MaximumLength == UNICODE_STRING_MAX_BYTES);
  RtlFreeUnicodeString(&found);
  MICA_CHECK(set_value(top, name, REG_SZ, text.get(), 80'000) == STATUS_SUCCESS);
  MICA_CHECK(query(nullptr, nullptr, direct(u"Text", &found)) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(found.Buffer == nullptr);
}

MICA_CASE("Rtl: names that are no counted strings are refused") {
  CaseKey top;
  Calls calls;
  Long const name{40'000};
  constexpr NTSTATUS too_long = STATUS_NAME_TOO_LONG;
  MICA_CHECK(query(&calls, nullptr, ask(name.get(), 0, &calls)) == too_long);
  MICA_CHECK(query(&calls, nullptr, ask(name.get(), RTL_QUERY_REGISTRY_SUBKEY, &calls)) ==
             too_long);
  MICA_CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, name.get()) == too_long);
  ULONG number = 0;
  MICA_CHECK(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, case_path, name.get(), REG_DWORD, &number,
                                   4) == too_long);
  MICA_CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_ABSOLUTE, case_path, name.get()) == too_long);
  // Alone it is one, behind the folder's it is none.
  constexpr WCHAR folder[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
  constexpr ULONG most = UNICODE_STRING_MAX_CHARS - (std::size(folder) - 1);
  Long const just{most}, more{most + 1};
  MICA_CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, more.get()) == too_long);
  NTSTATUS const status = RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, just.get());
  MICA_CHECK(!NT_SUCCESS(status) && status != too_long);
}

MICA_CASE("Rtl: text of an odd number of bytes ends with its last whole character") {
  CaseKey top;
  Text name{u"Odd"};
  Calls calls;
  MICA_CHECK(set_value(top, name, REG_SZ, u"xyz", 5) == STATUS_SUCCESS);
  MICA_CHECK(query(&calls, nullptr, ask(u"Odd", 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.was(0, u"Odd", REG_SZ, u"xy", 6));
}

MICA_CASE("Rtl: a default without a length is as long as its text, and nothing else") {
  CaseKey top;
  Calls calls;
  ULONG const number = 7;
  MICA_CHECK(query(&calls, nullptr, with_default(REG_DWORD, &number), with_default(REG_SZ, nullptr),
                   with_default(REG_MULTI_SZ, u"\0q\0", 0, RTL_QUERY_REGISTRY_NOEXPAND),
                   with_default(REG_MULTI_SZ, u"a\0xyz", 4)) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 4 && calls.was(0, u"Absent", REG_DWORD, &number, 0));
  MICA_CHECK(calls.was(1, u"Absent", REG_SZ, &number, 0));
  MICA_CHECK(calls.was(2, u"Absent", REG_MULTI_SZ, u"", 2));
  MICA_CHECK(calls.was(3, u"Absent", REG_SZ, u"a", 4));
}

MICA_CASE("Rtl: the type of a default is what TYPECHECK leaves of it") {
  CaseKey top;
  Calls calls;
  ULONG const number = 7, both = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT | REG_DWORD;
  MICA_CHECK(query(&calls, nullptr,
                   with_default(both, &number, 4, RTL_QUERY_REGISTRY_TYPECHECK),
                   with_default(both, &number, 4)) == STATUS_SUCCESS);
  MICA_CHECK(calls.was(0, u"Absent", REG_DWORD, &number, 4));
  MICA_CHECK(calls.was(1, u"Absent", both, &number, 4));
}

MICA_CASE("Rtl: DIRECT stores a default text that is none as an empty string") {
  CaseKey top;
  WCHAR buffer[3] = {u'x', u'x', u'x'};
  UNICODE_STRING given{4, sizeof buffer, buffer}, made{};
  for (UNICODE_STRING* const string : {&given, &made}) {
    auto entry = with_default(REG_SZ, nullptr, 0, RTL_QUERY_REGISTRY_DIRECT);
    entry.QueryRoutine = nullptr;
    entry.EntryContext = string;
    MICA_CHECK(query(nullptr, nullptr, entry) == STATUS_SUCCESS);
    MICA_CHECK(string->Length == 0 && string->Buffer != nullptr && string->Buffer[0] == 0);
  }
  MICA_CHECK(buffer[1] == u'x');
  RtlFreeUnicodeString(&made);
}

MICA_CASE("Rtl: DIRECT stores text that is not to be expanded, and needs room for a header") {
  CaseKey top;
  Text expand{u"Expand"}, large{u"Large"};
  put(top, expand, REG_EXPAND_SZ, u"%a%");
  MICA_CHECK(set_value(top, large, REG_QWORD, "12345678", 8) == STATUS_SUCCESS);
  WCHAR buffer[4];
  UNICODE_STRING given{0, sizeof buffer, buffer};
  MICA_CHECK(query(nullptr, nullptr, direct(u"Expand", &given, RTL_QUERY_REGISTRY_NOEXPAND)) ==
             STATUS_SUCCESS);
  MICA_CHECK(given.Length == 6 && std::memcmp(buffer, u"%a%", 8) == 0);
  for (LONG const length : {0, 4, 8}) {
    LONG words[4] = {length, 9, 9, 9};
    MICA_CHECK(query(nullptr, nullptr, direct(u"Large", words)) == STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(words[0] == length && words[1] == 9);
  }
}

MICA_CASE("Rtl: what is no variable of the environment stays as it is") {
  CaseKey top;
  Text expand{u"Expand"};
  constexpr WCHAR text[] = u"%%-%B%-%A";
  put(top, expand, REG_EXPAND_SZ, text);
  WCHAR environment[] = u"=x\0B\0A=long\0";
  Calls calls;
  MICA_CHECK(query(&calls, environment, ask(u"Expand", 0, &calls)) == STATUS_SUCCESS);
  MICA_CHECK(calls.was(0, u"Expand", REG_SZ, text, sizeof text));
}

MICA_CASE("Rtl: a name without a routine is read, and what follows is answered") {
  CaseKey top;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 6) == STATUS_SUCCESS);
  ULONG number = 0;
  RTL_QUERY_REGISTRY_TABLE nobody{};
  nobody.Name = const_cast<WCHAR*>(u"Value");
  MICA_CHECK(query(nullptr, nullptr, nobody, direct(u"Value", &number)) == STATUS_SUCCESS);
  MICA_CHECK(number == 6);
  RTL_QUERY_REGISTRY_TABLE top_alone{};
  top_alone.Flags = RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_NOVALUE;
  MICA_CHECK(query(nullptr, nullptr, top_alone) == STATUS_SUCCESS);
}

MICA_CASE("Rtl: values that are required and there are answered, also when they are deleted") {
  CaseKey top;
  Text value{u"Value"};
  Calls calls;
  for (ULONG const flags : {0, RTL_QUERY_REGISTRY_DELETE}) {
    MICA_CHECK(set_number(top, value, 6) == STATUS_SUCCESS);
    MICA_CHECK(query(&calls, nullptr, ask(nullptr, RTL_QUERY_REGISTRY_REQUIRED | flags, &calls)) ==
               STATUS_SUCCESS);
  }
  MICA_CHECK(calls.count == 2 && number_in(top, value) == MAXULONG);
}

MICA_CASE("Rtl: what a routine answers ends the table, wherever it was called") {
  CaseKey top;
  Text first{u"First"}, second{u"Second"};
  put(top, first, REG_MULTI_SZ, u"one\0two\0");
  put(top, second, REG_SZ, u"three");
  Calls calls;
  calls.answer = STATUS_TOO_LATE;
  MICA_CHECK(query(&calls, nullptr, ask(u"First", 0, &calls)) == STATUS_TOO_LATE);
  MICA_CHECK(calls.count == 1);
  MICA_CHECK(query(&calls, nullptr,
                   ask(nullptr, RTL_QUERY_REGISTRY_NOEXPAND | RTL_QUERY_REGISTRY_DELETE, &calls)) ==
             STATUS_TOO_LATE);
  MICA_CHECK(calls.count == 2);
  calls.answer = STATUS_SUCCESS;
  MICA_CHECK(query(&calls, nullptr, ask(nullptr, RTL_QUERY_REGISTRY_NOEXPAND, &calls)) ==
             STATUS_SUCCESS);
  MICA_CHECK(calls.count == 4);  // nothing was deleted
}

MICA_CASE("Rtl: a value that its routine deletes is not deleted once more") {
  CaseKey top;
  Text value{u"Value"};
  MICA_CHECK(set_number(top, value, 6) == STATUS_SUCCESS);
  RTL_QUERY_REGISTRY_TABLE table[] = {ask(nullptr, RTL_QUERY_REGISTRY_DELETE, nullptr), no_more};
  table[0].QueryRoutine = [](PWSTR name, ULONG, PVOID, ULONG, PVOID context, PVOID) NTAPI {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, name);
    return ZwDeleteValueKey(context, &text);
  };
  MICA_CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, case_path, table, HANDLE{top},
                                    nullptr) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Rtl: a key that is deleted answers no table") {
  CaseKey top;
  DeletedKey const gone{top};
  Calls calls;
  for (WCHAR const* const name : {static_cast<WCHAR const*>(nullptr), u"Value"})
    MICA_CHECK(gone.query(calls, ask(name, 0, &calls)) == STATUS_KEY_DELETED);
  MICA_CHECK(calls.count == 0);
}

MICA_CASE("Rtl: keys that cannot be are refused, optional or not, and nothing is written there") {
  CaseKey top;
  ULONG number = 0;
  WCHAR name[] = u"Value", nowhere[] = u"\\Registry\\Nowhere\\Case";
  RTL_QUERY_REGISTRY_TABLE table[] = {no_more};
  constexpr NTSTATUS invalid = STATUS_INVALID_PARAMETER;
  MICA_CHECK(RtlQueryRegistryValues(RTL_REGISTRY_MAXIMUM | RTL_REGISTRY_OPTIONAL, name, table,
                                    nullptr, nullptr) == invalid);
  MICA_CHECK(RtlWriteRegistryValue(RTL_REGISTRY_MAXIMUM, name, name, REG_DWORD, &number, 4) ==
             invalid);
  MICA_CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_MAXIMUM, name, name) == invalid);
  MICA_CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_ABSOLUTE, nowhere, name) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  auto entry = direct(u"Value", &number, RTL_QUERY_REGISTRY_SUBKEY);
  MICA_CHECK(query(nullptr, nullptr, entry) == invalid);
}
