// Values: set, replaced, enumerated, deleted; and symbolic links, which are made of one.
#include "cm_support.hpp"

using namespace mica::test;

MICA_CASE("Cm: values have names without regard to case, types and data of any length") {
  CaseKey top;
  Text name{u"Value"}, other{u"vALUE"}, absent{u"Absent"}, unnamed{u""};
  MICA_CHECK(set_number(top, name, 1) == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, other) == 1);
  MICA_CHECK(set_number(top, other, 2) == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, name) == 2);
  MICA_CHECK(number_in(top, absent) == MAXULONG);
  MICA_CHECK(set_number(top, unnamed, 3) == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, unnamed) == 3);
  Answer answer;
  auto const ask = [&](UNICODE_STRING* value) {
    return ZwQueryValueKey(top, value, KeyValueFullInformation, answer.bytes, 512, &answer.needed);
  };
  MICA_CHECK(ask(absent) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(set_value(top, name, REG_NONE, nullptr, 0) == STATUS_SUCCESS);
  MICA_CHECK(ask(name) == STATUS_SUCCESS);
  auto const& information = answer.as<KEY_VALUE_FULL_INFORMATION>();
  MICA_CHECK(information.Type == REG_NONE && information.DataLength == 0);
  MICA_CHECK(information.DataOffset == MAXULONG && answer.needed == 20 + 10);
  MICA_CHECK(answer.has(20, u"Value"));  // as it was first called
}

MICA_CASE("Cm: a value may be large, and is its own copy") {
  constexpr ULONG bytes = 100'000;
  CaseKey top;
  Text name{u"Large"};
  auto* const data = static_cast<UCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, 'tseT'));
  auto* const answer = static_cast<UCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes + 12, 'tseT'));
  MICA_REQUIRE(data != nullptr && answer != nullptr);
  for (ULONG i = 0; i < bytes; ++i) data[i] = static_cast<UCHAR>(i * 7);
  MICA_CHECK(set_value(top, name, REG_BINARY, data, bytes) == STATUS_SUCCESS);
  data[0] = 99;
  ULONG needed = 0;
  MICA_CHECK(ZwQueryValueKey(top, name, KeyValuePartialInformation, answer, bytes + 12, &needed) ==
             STATUS_SUCCESS);
  MICA_CHECK(needed == bytes + 12 && answer[12] == 0);
  MICA_CHECK(std::memcmp(answer + 13, data + 1, bytes - 1) == 0);
  ExFreePool(data);
  ExFreePool(answer);
}

MICA_CASE("Cm: values are enumerated in the order in which they were first set") {
  CaseKey top;
  Text c{u"c"}, a{u"a"}, b{u"b"};
  for (auto* const name : {&c, &a, &b}) MICA_CHECK(set_number(top, *name, 1) == STATUS_SUCCESS);
  MICA_CHECK(set_number(top, c, 2) == STATUS_SUCCESS);
  auto const at = [&](ULONG index) {
    Answer answer;
    NTSTATUS const status = ZwEnumerateValueKey(top, index, KeyValueBasicInformation, answer.bytes,
                                                512, &answer.needed);
    return status == STATUS_SUCCESS ? answer.as<KEY_VALUE_BASIC_INFORMATION>().Name[0] : u'-';
  };
  MICA_CHECK(at(0) == u'c' && at(1) == u'a' && at(2) == u'b' && at(3) == u'-');
  MICA_CHECK(ZwDeleteValueKey(top, c) == STATUS_SUCCESS);
  MICA_CHECK(at(0) == u'a' && at(1) == u'b' && at(2) == u'-');
  Answer answer;
  MICA_CHECK(ZwEnumerateValueKey(top, 2, KeyValueBasicInformation, answer.bytes, 512,
                                 &answer.needed) == STATUS_NO_MORE_ENTRIES);
  MICA_CHECK(ZwDeleteValueKey(top, c) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Cm: a value's name has at most 16383 characters") {
  CaseKey top;
  constexpr USHORT bytes = 16'383 * sizeof(WCHAR);
  auto* const text = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes + 2, 'tseT'));
  MICA_REQUIRE(text != nullptr);
  for (ULONG i = 0; i < 16'384; ++i) text[i] = u'v';
  UNICODE_STRING name{bytes, bytes, text};
  MICA_CHECK(set_number(top, &name, 4) == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, &name) == 4);
  name.Length = bytes + 2;
  MICA_CHECK(set_number(top, &name, 5) == STATUS_INVALID_PARAMETER);
  name.Length = 3;
  MICA_CHECK(set_number(top, &name, 5) == STATUS_INVALID_PARAMETER);
  ExFreePool(text);
}

MICA_CASE("Cm: several values are told at one instant") {
  CaseKey top;
  Text one{u"One"}, two{u"Two"}, three{u"Three"}, absent{u"Absent"};
  MICA_CHECK(set_value(top, one, REG_BINARY, "abcde", 5) == STATUS_SUCCESS);
  MICA_CHECK(set_number(top, two, 0x01020304) == STATUS_SUCCESS);
  MICA_CHECK(set_value(top, three, REG_NONE, nullptr, 0) == STATUS_SUCCESS);
  KEY_VALUE_ENTRY entries[] = {{one, 9, 9, 9}, {two, 9, 9, 9}, {three, 9, 9, 9}};
  Answer answer;
  ULONG length = 12, required = 0;
  MICA_CHECK(ZwQueryMultipleValueKey(top, entries, 3, answer.bytes, &length, &required) ==
             STATUS_SUCCESS);
  MICA_CHECK(length == 12 && required == 12 && answer.untouched_from(12));
  MICA_CHECK(entries[0].DataLength == 5 && entries[0].DataOffset == 0);
  MICA_CHECK(entries[0].Type == REG_BINARY && entries[1].Type == REG_DWORD);
  MICA_CHECK(entries[1].DataLength == 4 && entries[1].DataOffset == 8);
  MICA_CHECK(entries[2].DataLength == 0 && entries[2].Type == REG_NONE);
  MICA_CHECK(std::memcmp(answer.bytes, "abcde", 5) == 0 && answer.bytes[8] == 4);
  Answer small;
  length = 11;
  MICA_CHECK(ZwQueryMultipleValueKey(top, entries, 3, small.bytes, &length, &required) ==
             STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(length == 5 && required == 12 && small.untouched_from(5));
  entries[2].ValueName = absent;
  length = 512;
  MICA_CHECK(ZwQueryMultipleValueKey(top, entries, 3, small.bytes, &length, nullptr) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Cm: a symbolic link leads to another key, unless it is meant itself") {
  CaseKey top;
  SubKey target{top, u"Target"}, below{target, u"Below"};
  SubKey link{top, u"Link", REG_OPTION_CREATE_LINK};
  Attributes name{u"Link", OBJ_CASE_INSENSITIVE, top};
  Attributes through{u"Link\\Below", OBJ_CASE_INSENSITIVE, top};
  Text value{u"SymbolicLinkValue"}, other{u"Other"};
  constexpr WCHAR path[] = u"\\Registry\\Machine\\Software\\Case\\Target";
  constexpr ULONG bytes = sizeof path - sizeof *path;
  MICA_CHECK(open_key(name) == STATUS_OBJECT_NAME_NOT_FOUND);  // it leads nowhere yet
  MICA_CHECK(set_value(link, value, REG_SZ, path, bytes) == STATUS_ACCESS_DENIED);
  MICA_CHECK(set_value(link, other, REG_LINK, path, bytes) == STATUS_ACCESS_DENIED);
  MICA_CHECK(set_value(link, value, REG_LINK, path, bytes - 1) == STATUS_ACCESS_DENIED);
  MICA_CHECK(set_value(link, value, REG_LINK, path + 1, bytes - 2) == STATUS_ACCESS_DENIED);
  MICA_REQUIRE(set_value(link, value, REG_LINK, path, bytes) == STATUS_SUCCESS);

  MICA_CHECK(set_number(target, other, 11) == STATUS_SUCCESS);
  MICA_CHECK(set_number(below, other, 12) == STATUS_SUCCESS);
  KeyHandle led, led_below, itself, by_attribute;
  MICA_REQUIRE(ZwOpenKey(led.out(), KEY_READ, name) == STATUS_SUCCESS);
  MICA_CHECK(number_in(led, other) == 11);
  MICA_REQUIRE(ZwOpenKey(led_below.out(), KEY_READ, through) == STATUS_SUCCESS);
  MICA_CHECK(number_in(led_below, other) == 12);
  MICA_REQUIRE(ZwOpenKeyEx(itself.out(), KEY_READ, name, REG_OPTION_OPEN_LINK) == STATUS_SUCCESS);
  Answer answer;
  MICA_CHECK(ZwQueryValueKey(itself, value, KeyValuePartialInformation, answer.bytes, 512,
                             &answer.needed) == STATUS_SUCCESS);
  MICA_CHECK(answer.as<KEY_VALUE_PARTIAL_INFORMATION>().Type == REG_LINK);
  MICA_CHECK(answer.has(12, path));
  Attributes meant{u"Link", OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, top};
  MICA_REQUIRE(ZwOpenKey(by_attribute.out(), KEY_READ, meant) == STATUS_SUCCESS);
  MICA_CHECK(number_in(by_attribute, other) == MAXULONG);
  KeyHandle created;
  ULONG disposition = 0;
  MICA_CHECK(create_key(created, name, 0, &disposition) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_OPENED_EXISTING_KEY && number_in(created, other) == 11);
}

MICA_CASE("Cm: a symbolic link that leads to itself leads nowhere") {
  CaseKey top;
  SubKey link{top, u"Circle", REG_OPTION_CREATE_LINK};
  Text value{u"SymbolicLinkValue"};
  constexpr WCHAR path[] = u"\\Registry\\Machine\\Software\\Case\\Circle";
  MICA_REQUIRE(set_value(link, value, REG_LINK, path, sizeof path - sizeof *path) ==
               STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"Circle", OBJ_CASE_INSENSITIVE, top}) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
}
