// Keys: which are there, how they are made, found, enumerated and deleted.
#include "cm_support.hpp"

using namespace mica::test;

MICA_CASE("Cm: the first keys are there, whatever the case of their letters") {
  MICA_CHECK(open_key(Attributes{u"\\Registry"}) == STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\REGISTRY\\Machine"}) == STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\Registry\\User\\.Default"}) == STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\Registry\\Machine\\Hardware\\DeviceMap"}) == STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\registry\\machine\\SYSTEM\\currentcontrolset\\Services"}) ==
             STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\Registry\\Machine\\System\\ControlSet001\\Control"}) ==
             STATUS_SUCCESS);
  MICA_CHECK(open_key(Attributes{u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\"
                                 u"CurrentVersion"}) == STATUS_SUCCESS);
}

MICA_CASE("Cm: a key is made once and opened from then on") {
  CaseKey top;
  ULONG disposition = 0;
  KeyHandle made, again, opened;
  Attributes name{u"Made", OBJ_CASE_INSENSITIVE, top}, other{u"mADE", OBJ_CASE_INSENSITIVE, top};
  MICA_CHECK(open_key(name) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_REQUIRE(create_key(made, name, 0, &disposition) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_CREATED_NEW_KEY);
  MICA_REQUIRE(create_key(again, other, 0, &disposition) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_OPENED_EXISTING_KEY);
  Attributes absolute{u"\\Registry\\Machine\\Software\\Case\\Made\\"};
  MICA_CHECK(ZwOpenKeyEx(opened.out(), KEY_READ, absolute, 0) == STATUS_SUCCESS);
  Text value{u"Value"};
  MICA_CHECK(set_number(made, value, 7) == STATUS_SUCCESS);
  MICA_CHECK(number_in(again, value) == 7 && number_in(opened, value) == 7);
  MICA_CHECK(ZwFlushKey(made) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(made) == STATUS_SUCCESS);
}

MICA_CASE("Cm: an empty name below a handle is that key") {
  CaseKey top;
  Attributes itself{u"", OBJ_CASE_INSENSITIVE, top};
  KeyHandle same;
  Text value{u"Value"};
  MICA_REQUIRE(ZwOpenKey(same.out(), KEY_ALL_ACCESS, itself) == STATUS_SUCCESS);
  MICA_CHECK(set_number(same, value, 3) == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, value) == 3);
}

MICA_CASE("Cm: names that cannot be are refused") {
  CaseKey top;
  KeyHandle key;
  auto const create = [&](Attributes attributes) { return create_key(key, attributes); };
  MICA_CHECK(create(Attributes{u"No\\Parent", 0, top}) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(create(Attributes{u"\\Registry\\Machine\\Software\\No\\Parent"}) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(create(Attributes{u"A\\\\B", 0, top}) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(create(Attributes{u"\\\\B", 0, top}) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  MICA_CHECK(create(Attributes{u"\\Registry\\Machine\\Software\\\\B"}) ==
             STATUS_OBJECT_NAME_INVALID);
  MICA_CHECK(create(Attributes{u"Registry"}) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  MICA_CHECK(create(Attributes{u"\\Registry\\Other"}) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(Attributes{u"\\Registry\\Machine\\Other"}) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(Attributes{u"\\Registry\\User\\Other"}) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(create(Attributes{u"\\Device\\Null"}) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(create(Attributes{u"\\NoSuch\\Key"}) == STATUS_OBJECT_PATH_NOT_FOUND);
  MICA_CHECK(ZwCreateKey(key.out(), KEY_READ, nullptr, 0, nullptr, 0, nullptr) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwOpenKey(key.out(), KEY_READ, nullptr) == STATUS_INVALID_PARAMETER);
  Attributes fine{u"Fine", 0, top};
  MICA_CHECK(create_key(key, fine, 0x10) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwOpenKeyEx(key.out(), KEY_READ, fine, REG_OPTION_VOLATILE) ==
             STATUS_INVALID_PARAMETER);
  fine->Length = 0;
  MICA_CHECK(create_key(key, fine) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(key == nullptr);
}

MICA_CASE("Cm: a part of a path has at most 255 characters") {
  CaseKey top;
  WCHAR text[257];
  for (WCHAR& letter : text) letter = u'x';
  UNICODE_STRING name{255 * sizeof(WCHAR), sizeof text, text};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, top, nullptr);
  KeyHandle key, longer;
  MICA_REQUIRE(create_key(key, &attributes) == STATUS_SUCCESS);
  name.Length = 256 * sizeof(WCHAR);
  MICA_CHECK(create_key(longer, &attributes) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwOpenKey(longer.out(), KEY_READ, &attributes) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
}

MICA_CASE("Cm: no path is longer than a string can hold") {
  CaseKey top;
  WCHAR text[255];
  for (WCHAR& letter : text) letter = u'y';
  UNICODE_STRING name{sizeof text, sizeof text, text};
  HANDLE keys[130] = {top};
  ULONG depth = 0;
  NTSTATUS status = STATUS_SUCCESS;
  while (NT_SUCCESS(status) && depth + 1 < RTL_NUMBER_OF(keys)) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, keys[depth], nullptr);
    status = ZwCreateKey(&keys[depth + 1], KEY_ALL_ACCESS, &attributes, 0, nullptr, 0, nullptr);
    if (NT_SUCCESS(status)) ++depth;
  }
  MICA_CHECK(status == STATUS_NAME_TOO_LONG);
  MICA_CHECK(depth == (UNICODE_STRING_MAX_BYTES / 2 - 31) / 256);
  for (; depth > 0; --depth) {
    MICA_CHECK(ZwDeleteKey(keys[depth]) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(keys[depth]) == STATUS_SUCCESS);
  }
}

MICA_CASE("Cm: a key with subkeys is not deleted, nor one that is always there") {
  CaseKey top;
  KeyHandle upper, lower;
  MICA_REQUIRE(create_key(upper, Attributes{u"Upper", 0, top}) == STATUS_SUCCESS);
  MICA_REQUIRE(create_key(lower, Attributes{u"Lower", 0, upper}) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(upper) == STATUS_CANNOT_DELETE);
  MICA_CHECK(ZwDeleteKey(lower) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(upper) == STATUS_SUCCESS);
  KeyHandle software;
  Attributes path{u"\\Registry\\Machine\\Software"};
  MICA_REQUIRE(ZwOpenKey(software.out(), KEY_ALL_ACCESS, path) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(software) == STATUS_CANNOT_DELETE);
}

MICA_CASE("Cm: of a deleted key nothing can be had but its handles' end") {
  CaseKey top;
  KeyHandle key, other;
  Attributes name{u"Gone", OBJ_CASE_INSENSITIVE, top};
  MICA_REQUIRE(create_key(key, name) == STATUS_SUCCESS);
  MICA_REQUIRE(ZwOpenKey(other.out(), KEY_ALL_ACCESS, name) == STATUS_SUCCESS);
  Text value{u"Value"};
  MICA_CHECK(set_number(key, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  MICA_CHECK(open_key(name) == STATUS_OBJECT_NAME_NOT_FOUND);
  Answer answer;
  MICA_CHECK(ZwDeleteKey(other) == STATUS_KEY_DELETED);
  MICA_CHECK(set_number(other, value, 2) == STATUS_KEY_DELETED);
  MICA_CHECK(ZwDeleteValueKey(other, value) == STATUS_KEY_DELETED);
  MICA_CHECK(ZwFlushKey(other) == STATUS_KEY_DELETED);
  MICA_CHECK(ZwQueryValueKey(other, value, KeyValueBasicInformation, answer.bytes, 512,
                             &answer.needed) == STATUS_KEY_DELETED);
  MICA_CHECK(ZwEnumerateValueKey(other, 0, KeyValueBasicInformation, answer.bytes, 512,
                                 &answer.needed) == STATUS_KEY_DELETED);
  MICA_CHECK(ZwQueryKey(other, KeyNameInformation, answer.bytes, 512, &answer.needed) ==
             STATUS_KEY_DELETED);
  MICA_CHECK(ZwEnumerateKey(other, 0, KeyBasicInformation, answer.bytes, 512, &answer.needed) ==
             STATUS_KEY_DELETED);
  KEY_WRITE_TIME_INFORMATION time{};
  MICA_CHECK(ZwSetInformationKey(other, KeyWriteTimeInformation, &time, sizeof time) ==
             STATUS_KEY_DELETED);
  KEY_VALUE_ENTRY entry{value, 0, 0, 0};
  ULONG bytes = 512;
  MICA_CHECK(ZwQueryMultipleValueKey(other, &entry, 1, answer.bytes, &bytes, nullptr) ==
             STATUS_KEY_DELETED);
  KeyHandle below;
  MICA_CHECK(create_key(below, Attributes{u"Below", 0, other}) == STATUS_KEY_DELETED);
  // A new key of the name has nothing of the old one.
  SubKey fresh{top, u"Gone"};
  MICA_CHECK(number_in(fresh, value) == MAXULONG);
  MICA_CHECK(set_number(other, value, 2) == STATUS_KEY_DELETED);
}

MICA_CASE("Cm: what is below a volatile key is volatile") {
  CaseKey top;
  SubKey fleeting{top, u"Fleeting", REG_OPTION_VOLATILE};
  KeyHandle lasting;
  MICA_CHECK(create_key(lasting, Attributes{u"Lasting", 0, fleeting}) ==
             STATUS_CHILD_MUST_BE_VOLATILE);
  SubKey below{fleeting, u"Below", REG_OPTION_VOLATILE};
  MICA_CHECK(create_key(lasting, Attributes{u"\\Registry\\Machine\\Hardware\\Lasting"}) ==
             STATUS_CHILD_MUST_BE_VOLATILE);
}

MICA_CASE("Cm: subkeys are enumerated in the order of their names") {
  CaseKey top;
  SubKey b{top, u"b"}, c{top, u"C"}, a{top, u"A"}, aa{top, u"aA"};
  Answer answers[5];
  NTSTATUS statuses[5];
  for (ULONG i = 0; i < 5; ++i)
    statuses[i] =
        ZwEnumerateKey(top, i, KeyBasicInformation, answers[i].bytes, 512, &answers[i].needed);
  for (ULONG i = 0; i < 4; ++i) MICA_CHECK(statuses[i] == STATUS_SUCCESS);
  MICA_CHECK(statuses[4] == STATUS_NO_MORE_ENTRIES);
  constexpr ULONG at = offsetof(KEY_BASIC_INFORMATION, Name);
  MICA_CHECK(answers[0].has(at, u"A") && answers[0].needed == at + 2);
  MICA_CHECK(answers[1].has(at, u"aA") && answers[1].needed == at + 4);
  MICA_CHECK(answers[2].has(at, u"b"));
  MICA_CHECK(answers[3].has(at, u"C"));
}

MICA_CASE("Cm: many subkeys are found again, whatever the order they were made in") {
  constexpr ULONG count = 97, step = 38;
  CaseKey top;
  HANDLE keys[count];
  WCHAR text[2];
  UNICODE_STRING name{sizeof text, sizeof text, text};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, top, nullptr);
  auto const choose = [&](ULONG i) {
    text[0] = static_cast<WCHAR>(u'a' + i / 10);
    text[1] = static_cast<WCHAR>(u'0' + i % 10);
  };
  for (ULONG i = 0, at = 0; i < count; ++i, at = (at + step) % count) {
    choose(at);
    MICA_REQUIRE(ZwCreateKey(&keys[at], KEY_ALL_ACCESS, &attributes, 0, nullptr, 0, nullptr) ==
                 STATUS_SUCCESS);
  }
  for (ULONG i = 0; i < count; ++i) {
    Answer answer;
    choose(i);
    MICA_CHECK(open_key(&attributes) == STATUS_SUCCESS);
    MICA_CHECK(ZwEnumerateKey(top, i, KeyBasicInformation, answer.bytes, 512, &answer.needed) ==
               STATUS_SUCCESS);
    MICA_CHECK(
        std::memcmp(answer.bytes + offsetof(KEY_BASIC_INFORMATION, Name), text, sizeof text) == 0);
  }
  for (HANDLE const key : keys) {
    MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  }
}

MICA_CASE("Cm: what a handle grants does not bind who calls from kernel mode") {
  CaseKey top;
  SubKey below{top, u"Below"};
  Text value{u"Value"};
  Attributes name{u"Below", OBJ_CASE_INSENSITIVE, top};
  KeyHandle reads, writes;
  MICA_REQUIRE(ZwOpenKey(reads.out(), KEY_READ, name) == STATUS_SUCCESS);
  MICA_REQUIRE(ZwOpenKey(writes.out(), KEY_WRITE, name) == STATUS_SUCCESS);
  MICA_CHECK(set_number(reads, value, 6) == STATUS_SUCCESS);
  MICA_CHECK(number_in(writes, value) == 6);
  MICA_CHECK(ZwFlushKey(writes) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteValueKey(reads, value) == STATUS_SUCCESS);
}

MICA_CASE("Cm: a handle of no key, or none, is refused") {
  HANDLE event = nullptr;
  MICA_REQUIRE(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE) ==
               STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(event) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwFlushKey(event) == STATUS_OBJECT_TYPE_MISMATCH);
  KeyHandle key;
  MICA_CHECK(create_key(key, Attributes{u"Below", 0, event}) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwClose(event) == STATUS_SUCCESS);
  MICA_CHECK(ZwFlushKey(event) == STATUS_INVALID_HANDLE);
  MICA_CHECK(create_key(key, Attributes{u"Below", 0, event}) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Cm: a key's object has its type, and its path for a name") {
  CaseKey top;
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(top, KEY_READ, *CmKeyObjectType, KernelMode, &object,
                                         nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ObGetObjectType(object) == *CmKeyObjectType);
  Answer answer;
  MICA_CHECK(ObQueryNameString(object, reinterpret_cast<OBJECT_NAME_INFORMATION*>(answer.bytes),
                               512, &answer.needed) == STATUS_SUCCESS);
  constexpr WCHAR path[] = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Case";
  MICA_CHECK(answer.as<OBJECT_NAME_INFORMATION>().Name.Length == sizeof path - sizeof(WCHAR));
  MICA_CHECK(answer.has(sizeof(OBJECT_NAME_INFORMATION), path));
  ObDereferenceObject(object);
}

MICA_CASE("Cm: the registry is for PASSIVE_LEVEL") {
  Bugcheck const end = bugcheck_of([] {
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    HANDLE key = nullptr;
    static_cast<void>(ZwOpenKey(&key, KEY_READ, nullptr));
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == APC_LEVEL);
}
