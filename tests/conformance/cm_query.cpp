// What queries answer: each class to the byte, and into buffers that are too small.
#include "cm_support.hpp"

using namespace mica::test;

namespace {

NTSTATUS query(HANDLE key, KEY_INFORMATION_CLASS what, Answer& answer, ULONG length) {
  return ZwQueryKey(key, what, answer.bytes, length, &answer.needed);
}
NTSTATUS query(HANDLE key, UNICODE_STRING* name, KEY_VALUE_INFORMATION_CLASS what, Answer& answer,
               ULONG length) {
  return ZwQueryValueKey(key, name, what, answer.bytes, length, &answer.needed);
}

// Of an answer of `all` bytes with so many fixed ones: what comes of less room.
template <class Query>
void shorten(Query ask, ULONG fixed, ULONG all) {
  Answer none, fixed_only, short_by_one, whole;
  MICA_CHECK(ask(none, fixed - 1) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(none.needed == all && none.untouched_from(0));
  MICA_CHECK(ask(whole, all) == STATUS_SUCCESS);
  MICA_CHECK(whole.needed == all && whole.untouched_from(all));
  if (all == fixed) return;
  MICA_CHECK(ask(fixed_only, fixed) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(fixed_only.needed == all && fixed_only.untouched_from(fixed));
  MICA_CHECK(std::memcmp(fixed_only.bytes, whole.bytes, fixed) == 0);
  MICA_CHECK(ask(short_by_one, all - 1) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(short_by_one.needed == all && short_by_one.untouched_from(all - 1));
  MICA_CHECK(std::memcmp(short_by_one.bytes, whole.bytes, all - 1) == 0);
}

LONGLONG now_100ns() {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

}  // namespace

MICA_CASE("Cm: KeyBasicInformation and KeyNameInformation name the key") {
  CaseKey top;
  constexpr ULONG basic = offsetof(KEY_BASIC_INFORMATION, Name);
  shorten(
      [&](Answer& answer, ULONG length) { return query(top, KeyBasicInformation, answer, length); },
      basic, basic + 8);
  Answer answer;
  MICA_CHECK(query(top, KeyBasicInformation, answer, 512) == STATUS_SUCCESS);
  auto const& information = answer.as<KEY_BASIC_INFORMATION>();
  MICA_CHECK(information.TitleIndex == 0 && information.NameLength == 8);
  MICA_CHECK(information.LastWriteTime.QuadPart <= now_100ns());
  MICA_CHECK(answer.has(basic, u"Case"));
  constexpr WCHAR path[] = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Case";
  constexpr ULONG name = offsetof(KEY_NAME_INFORMATION, Name), bytes = sizeof path - sizeof *path;
  shorten(
      [&](Answer& answer, ULONG length) { return query(top, KeyNameInformation, answer, length); },
      name, name + bytes);
  Answer whole;
  MICA_CHECK(query(top, KeyNameInformation, whole, 512) == STATUS_SUCCESS);
  MICA_CHECK(whole.as<KEY_NAME_INFORMATION>().NameLength == bytes && whole.has(name, path));
}

MICA_CASE("Cm: KeyNodeInformation has the class behind the name") {
  CaseKey top;
  Text class_name{u"Kind"};
  SubKey with{top, u"abc", 0, class_name}, without{top, u"abd"};
  constexpr ULONG fixed = offsetof(KEY_NODE_INFORMATION, Name);
  constexpr ULONG class_at = fixed + 8;  // three letters, and the next multiple of 4
  shorten(
      [&](Answer& answer, ULONG length) { return query(with, KeyNodeInformation, answer, length); },
      fixed, class_at + 8);
  Answer answer;
  MICA_CHECK(query(with, KeyNodeInformation, answer, 512) == STATUS_SUCCESS);
  auto const& information = answer.as<KEY_NODE_INFORMATION>();
  MICA_CHECK(information.ClassOffset == class_at && information.ClassLength == 8);
  MICA_CHECK(information.NameLength == 6);
  MICA_CHECK(answer.has(fixed, u"abc") && answer.has(class_at, u"Kind"));
  Answer plain;
  MICA_CHECK(query(without, KeyNodeInformation, plain, 512) == STATUS_SUCCESS);
  MICA_CHECK(plain.needed == fixed + 6);
  MICA_CHECK(plain.as<KEY_NODE_INFORMATION>().ClassOffset == MAXULONG);
  MICA_CHECK(plain.as<KEY_NODE_INFORMATION>().ClassLength == 0);
  Answer enumerated;
  MICA_CHECK(ZwEnumerateKey(top, 0, KeyNodeInformation, enumerated.bytes, 512,
                            &enumerated.needed) == STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(enumerated.bytes, answer.bytes, answer.needed) == 0);
}

MICA_CASE("Cm: KeyFullInformation and KeyCachedInformation count what is in the key") {
  CaseKey top;
  Text class_name{u"Kind"}, longer{u"Longer"};
  SubKey key{top, u"Key", 0, class_name};
  SubKey one{key, u"Seven77", 0, longer}, other{key, u"Two"};
  Text short_name{u"Short"}, long_name{u"Much longer"};
  MICA_CHECK(set_value(key, short_name, REG_BINARY, "123456789", 9) == STATUS_SUCCESS);
  MICA_CHECK(set_number(key, long_name, 1) == STATUS_SUCCESS);
  constexpr ULONG fixed = offsetof(KEY_FULL_INFORMATION, Class);
  shorten(
      [&](Answer& answer, ULONG length) { return query(key, KeyFullInformation, answer, length); },
      fixed, fixed + 8);
  Answer answer, cached;
  MICA_CHECK(query(key, KeyFullInformation, answer, 512) == STATUS_SUCCESS);
  auto const& full = answer.as<KEY_FULL_INFORMATION>();
  MICA_CHECK(full.ClassOffset == fixed && full.ClassLength == 8 && answer.has(fixed, u"Kind"));
  MICA_CHECK(full.SubKeys == 2 && full.MaxNameLen == 14 && full.MaxClassLen == 12);
  MICA_CHECK(full.Values == 2 && full.MaxValueNameLen == 22 && full.MaxValueDataLen == 9);
  shorten([&](Answer& answer,
              ULONG length) { return query(key, KeyCachedInformation, answer, length); },
          sizeof(KEY_CACHED_INFORMATION), sizeof(KEY_CACHED_INFORMATION));
  MICA_CHECK(query(key, KeyCachedInformation, cached, 512) == STATUS_SUCCESS);
  auto const& short_form = cached.as<KEY_CACHED_INFORMATION>();
  MICA_CHECK(short_form.SubKeys == 2 && short_form.MaxNameLen == 14 && short_form.NameLength == 6);
  MICA_CHECK(short_form.Values == 2 && short_form.MaxValueNameLen == 22);
  MICA_CHECK(short_form.MaxValueDataLen == 9);
  Answer none;
  MICA_CHECK(query(one, KeyFullInformation, none, 512) == STATUS_SUCCESS);
  MICA_CHECK(query(other, KeyFullInformation, none, 512) == STATUS_SUCCESS);
  MICA_CHECK(none.as<KEY_FULL_INFORMATION>().ClassOffset == MAXULONG && none.needed == fixed);
}

MICA_CASE("Cm: no key is virtualized, and no other class is known") {
  CaseKey top;
  SubKey below{top, u"Below"};
  Answer answer;
  MICA_CHECK(query(top, KeyVirtualizationInformation, answer, 512) == STATUS_SUCCESS);
  MICA_CHECK(answer.needed == 4 && answer.as<ULONG>() == 0);
  MICA_CHECK(query(top, KeyFlagsInformation, answer, 512) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(query(top, MaxKeyInfoClass, answer, 512) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwEnumerateKey(top, 0, KeyNameInformation, answer.bytes, 512, &answer.needed) ==
             STATUS_INVALID_PARAMETER);
  Text value{u"Value"};
  MICA_CHECK(query(top, value, KeyValueLayerInformation, answer, 512) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwEnumerateValueKey(top, 0, MaxKeyValueInfoClass, answer.bytes, 512, &answer.needed) ==
             STATUS_INVALID_PARAMETER);
}

MICA_CASE("Cm: a value is told in every class to the byte") {
  CaseKey top;
  Text name{u"abc"};
  MICA_CHECK(set_value(top, name, 0x1234, "12345", 5) == STATUS_SUCCESS);
  struct Row {
    KEY_VALUE_INFORMATION_CLASS what;
    ULONG fixed, all, data_at;
  };
  constexpr ULONG basic = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
  constexpr ULONG full = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
  constexpr ULONG partial = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
  constexpr Row rows[] = {{KeyValueBasicInformation, basic, basic + 6, 0},
                          {KeyValueFullInformation, full, 28 + 5, 28},
                          {KeyValueFullInformationAlign64, full, 32 + 5, 32},
                          {KeyValuePartialInformation, partial, partial + 5, partial},
                          {KeyValuePartialInformationAlign64, 8, 8 + 5, 8}};
  for (Row const& row : rows) {
    shorten(
        [&](Answer& answer, ULONG length) { return query(top, name, row.what, answer, length); },
        row.fixed, row.all);
    Answer named, at;
    MICA_CHECK(query(top, name, row.what, named, 512) == STATUS_SUCCESS);
    MICA_CHECK(ZwEnumerateValueKey(top, 0, row.what, at.bytes, 512, &at.needed) == STATUS_SUCCESS);
    MICA_CHECK(std::memcmp(named.bytes, at.bytes, row.all) == 0);
    if (row.data_at != 0) MICA_CHECK(std::memcmp(named.bytes + row.data_at, "12345", 5) == 0);
  }
  Answer answer;
  MICA_CHECK(query(top, name, KeyValueFullInformation, answer, 512) == STATUS_SUCCESS);
  auto const& information = answer.as<KEY_VALUE_FULL_INFORMATION>();
  MICA_CHECK(information.Type == 0x1234 && information.DataOffset == 28);
  MICA_CHECK(information.DataLength == 5 && information.NameLength == 6);
  MICA_CHECK(information.TitleIndex == 0 && answer.has(full, u"abc"));
  MICA_CHECK(query(top, name, KeyValueBasicInformation, answer, 512) == STATUS_SUCCESS);
  MICA_CHECK(answer.as<KEY_VALUE_BASIC_INFORMATION>().NameLength == 6);
  MICA_CHECK(answer.has(basic, u"abc"));
  MICA_CHECK(query(top, name, KeyValuePartialInformationAlign64, answer, 512) == STATUS_SUCCESS);
  MICA_CHECK(answer.as<KEY_VALUE_PARTIAL_INFORMATION_ALIGN64>().Type == 0x1234);
}

MICA_CASE("Cm: the classes for aligned buffers want one") {
  CaseKey top;
  Text name{u"Value"};
  MICA_CHECK(set_number(top, name, 1) == STATUS_SUCCESS);
  Answer answer;
  auto const ask = [&](KEY_VALUE_INFORMATION_CLASS what) {
    return ZwQueryValueKey(top, name, what, answer.bytes + 4, 100, &answer.needed);
  };
  MICA_CHECK(ask(KeyValueFullInformationAlign64) == STATUS_DATATYPE_MISALIGNMENT);
  MICA_CHECK(ask(KeyValuePartialInformationAlign64) == STATUS_DATATYPE_MISALIGNMENT);
  MICA_CHECK(ZwEnumerateValueKey(top, 0, KeyValueFullInformationAlign64, answer.bytes + 4, 100,
                                 &answer.needed) == STATUS_DATATYPE_MISALIGNMENT);
  MICA_CHECK(answer.untouched_from(0));
  MICA_CHECK(ask(KeyValueFullInformation) == STATUS_SUCCESS);
}

MICA_CASE("Cm: a query needs no buffer to say how large one must be") {
  CaseKey top;
  Text name{u"Value"};
  MICA_CHECK(set_number(top, name, 1) == STATUS_SUCCESS);
  ULONG needed = 0;
  MICA_CHECK(ZwQueryValueKey(top, name, KeyValuePartialInformation, nullptr, 0, &needed) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(needed == 16);
  MICA_CHECK(ZwQueryKey(top, KeyNameInformation, nullptr, 0, &needed) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(needed == 4 + sizeof u"\\REGISTRY\\MACHINE\\SOFTWARE\\Case" - 2);
}

MICA_CASE("Cm: a key is written when its values and subkeys change, and when told so") {
  CaseKey top;
  auto const written = [&] {
    Answer answer;
    MICA_CHECK(query(top, KeyBasicInformation, answer, 512) == STATUS_SUCCESS);
    return answer.as<KEY_BASIC_INFORMATION>().LastWriteTime.QuadPart;
  };
  Text value{u"Value"};
  LONGLONG last = written();
  auto const later = [&](auto change) {
    sleep(2 * millisecond_100ns);
    change();
    LONGLONG const now = written();
    bool const moved = now > last && now <= now_100ns();
    last = now;
    return moved;
  };
  MICA_CHECK(!later([] {}));
  MICA_CHECK(later([&] { MICA_CHECK(set_number(top, value, 1) == STATUS_SUCCESS); }));
  MICA_CHECK(later([&] { MICA_CHECK(set_number(top, value, 2) == STATUS_SUCCESS); }));
  MICA_CHECK(later([&] { MICA_CHECK(ZwDeleteValueKey(top, value) == STATUS_SUCCESS); }));
  MICA_CHECK(later([&] { SubKey const below{top, u"Below"}; }));
  KEY_WRITE_TIME_INFORMATION time{};
  time.LastWriteTime.QuadPart = 12345;
  MICA_CHECK(ZwSetInformationKey(top, KeyWriteTimeInformation, &time, sizeof time - 1) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(ZwSetInformationKey(top, KeyWow64FlagsInformation, &time, 4) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwSetInformationKey(top, KeyWriteTimeInformation, &time, sizeof time) ==
             STATUS_SUCCESS);
  MICA_CHECK(written() == 12345);
}
