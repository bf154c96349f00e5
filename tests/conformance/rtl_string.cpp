// Making, copying and appending counted strings.
//   [MSDN RtlInitUnicodeString, RtlCopyUnicodeString, RtlAppendUnicodeToString]
#include "rtl_support.hpp"

#include <nt/ex.h>

using namespace mica::test;

namespace {

// 40000 characters: more than any UNICODE_STRING holds.
struct LongText {
  static constexpr ULONG length = 40000;
  WCHAR* text = static_cast<WCHAR*>(
      ExAllocatePoolWithTag(NonPagedPoolNx, (length + 1) * sizeof(WCHAR), 'tsTR'));
  explicit LongText(ULONG characters) noexcept {
    for (ULONG at = 0; at < characters; ++at) text[at] = u'a';
    text[characters] = 0;
  }
  ~LongText() { ExFreePoolWithTag(text, 'tsTR'); }
};

}  // namespace

MICA_CASE("Rtl: RtlInitUnicodeString counts bytes and the terminating null") {
  WCHAR const text[] = u"abc";
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, text);
  MICA_CHECK(string.Length == 6 && string.MaximumLength == 8 && string.Buffer == text);
  RtlInitUnicodeString(&string, u"");
  MICA_CHECK(string.Length == 0 && string.MaximumLength == 2 && string.Buffer != nullptr);
  RtlInitUnicodeString(&string, nullptr);
  MICA_CHECK(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == nullptr);
}

MICA_CASE("Rtl: RtlInitUnicodeString cuts what is too long at 65532 bytes") {
  LongText const text{LongText::length};
  MICA_REQUIRE(text.text != nullptr);
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, text.text);
  MICA_CHECK(string.Length == 65532 && string.MaximumLength == 65534);
}

MICA_CASE("Rtl: RtlInitUnicodeStringEx refuses more than 65532 bytes") {
  LongText const longest{32766};
  LongText const longer{32767};
  UNICODE_STRING string{};
  MICA_CHECK(RtlInitUnicodeStringEx(&string, longer.text) == STATUS_NAME_TOO_LONG);
  MICA_CHECK(string.Buffer == nullptr);
  MICA_CHECK(RtlInitUnicodeStringEx(&string, longest.text) == STATUS_SUCCESS);
  MICA_CHECK(string.Length == 65532 && string.MaximumLength == 65534);
  MICA_CHECK(RtlInitUnicodeStringEx(&string, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == nullptr);
}

MICA_CASE("Rtl: RtlInitAnsiString and RtlInitString count characters and the terminating null") {
  CHAR const text[] = "abc";
  STRING string;
  RtlInitAnsiString(&string, text);
  MICA_CHECK(string.Length == 3 && string.MaximumLength == 4 && string.Buffer == text);
  RtlInitString(&string, "ab");
  MICA_CHECK(string.Length == 2 && string.MaximumLength == 3);
  RtlInitString(&string, nullptr);
  MICA_CHECK(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == nullptr);
}

MICA_CASE("Rtl: RTL_CONSTANT_STRING is what RtlInitUnicodeString makes") {
  WCHAR text[] = u"name";
  UNICODE_STRING const string = RTL_CONSTANT_STRING(text);
  MICA_CHECK(string.Length == 8 && string.MaximumLength == 10 && string.Buffer == text);
}

MICA_CASE("Rtl: RtlCopyUnicodeString copies what fits") {
  Wide const source{u"abcd"};
  Room<6> roomy;
  RtlCopyUnicodeString(&roomy.string, &source.string);
  MICA_CHECK(is(roomy.string, u"abcd") && roomy.string.MaximumLength == 12);
  MICA_CHECK(roomy.text[4] == 0 && roomy.text[5] == u'~');
  Room<4> exact;
  RtlCopyUnicodeString(&exact.string, &source.string);
  MICA_CHECK(is(exact.string, u"abcd"));
  Room<4> narrow;
  narrow.string.MaximumLength = 6;
  RtlCopyUnicodeString(&narrow.string, &source.string);
  MICA_CHECK(is(narrow.string, u"abc") && narrow.text[3] == u'~');
}

MICA_CASE("Rtl: RtlCopyUnicodeString of nothing empties the destination") {
  Wide string{u"abc"};
  RtlCopyUnicodeString(&string.string, nullptr);
  MICA_CHECK(string.string.Length == 0 && string.string.Buffer == string.text);
}

MICA_CASE("Rtl: RtlCopyString copies what fits") {
  Narrow const source{"abcd"};
  Narrow destination{"~~~~~~"};
  destination.string.MaximumLength = 3;
  RtlCopyString(&destination.string, &source.string);
  MICA_CHECK(is(destination.string, "abc") && destination.text[3] == '~');
  RtlCopyString(&destination.string, nullptr);
  MICA_CHECK(destination.string.Length == 0);
}

MICA_CASE("Rtl: appending to a string adds all or nothing") {
  Room<5> room;
  MICA_CHECK(RtlAppendUnicodeToString(&room.string, u"ab") == STATUS_SUCCESS);
  MICA_CHECK(is(room.string, u"ab") && room.text[2] == 0 && room.text[3] == u'~');
  MICA_CHECK(RtlAppendUnicodeToString(&room.string, u"cdef") == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(is(room.string, u"ab") && room.text[3] == u'~');
  Wide const tail{u"cde"};
  MICA_CHECK(RtlAppendUnicodeStringToString(&room.string, &tail.string) == STATUS_SUCCESS);
  MICA_CHECK(is(room.string, u"abcde"));
  Wide const one{u"f"};
  MICA_CHECK(RtlAppendUnicodeStringToString(&room.string, &one.string) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(is(room.string, u"abcde"));
}

MICA_CASE("Rtl: appending nothing succeeds and writes nothing") {
  Wide string{u"ab"};
  UNICODE_STRING const empty{};
  MICA_CHECK(RtlAppendUnicodeToString(&string.string, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(RtlAppendUnicodeStringToString(&string.string, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(RtlAppendUnicodeStringToString(&string.string, &empty) == STATUS_SUCCESS);
  MICA_CHECK(is(string.string, u"ab"));
  Room<2> room;
  MICA_CHECK(RtlAppendUnicodeToString(&room.string, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(RtlAppendUnicodeStringToString(&room.string, &empty) == STATUS_SUCCESS);
  MICA_CHECK(room.text[0] == u'~');
}
