// What file systems have of the run-time library.
#include <nt/fsrtl.h>
#include <nt/ke.h>
#include <nt/ntstatus.h>

#include <mica/test.hpp>

#include <cstddef>
#include <initializer_list>

#include "support.hpp"

using namespace mica::test;

namespace {

struct View {
  UNICODE_STRING string;
  template <std::size_t N>
  View(WCHAR const (&text)[N]) noexcept
      : string{(N - 1) * sizeof(WCHAR), N * sizeof(WCHAR), const_cast<WCHAR*>(text)} {}
};

bool matches(View expression, View name, BOOLEAN ignore_case = FALSE) {
  return FsRtlIsNameInExpression(&expression.string, &name.string, ignore_case, nullptr) != FALSE;
}

}  // namespace

MICA_CASE("FsRtl: an expression stands for the names that its characters say") {
  MICA_CHECK(matches(u"abc", u"abc") && !matches(u"abc", u"abd") && !matches(u"abc", u"ab"));
  MICA_CHECK(!matches(u"abc", u"ABC") && matches(u"ABC", u"aBc", TRUE));
  MICA_CHECK(matches(u"*", u"anything.at.all") && matches(u"*", u"") && matches(u"", u""));
  MICA_CHECK(!matches(u"", u"a") && !matches(u"a", u""));
  MICA_CHECK(matches(u"a*c", u"ac") && matches(u"a*c", u"abcbc") && !matches(u"a*c", u"acb"));
  MICA_CHECK(matches(u"*.txt", u"a.b.txt") && !matches(u"*.txt", u"txt"));
  MICA_CHECK(matches(u"a?c", u"a.c") && !matches(u"a?c", u"ac") && !matches(u"?", u""));
  MICA_CHECK(matches(u"*a*b*a*", u"xaxbxax") && !matches(u"*a*b*a*", u"xbxaxb"));
}

MICA_CASE("FsRtl: DOS_STAR, DOS_QM and DOS_DOT stand for what is before and around periods") {
  MICA_CHECK(matches(u"<.txt", u"a.b.txt") && matches(u"<", u"ab") && matches(u"<", u""));
  MICA_CHECK(matches(u"<.", u"ab.") && !matches(u"<", u"a.b") && matches(u"<b", u"a.b") == false);
  MICA_CHECK(matches(u"<.b", u"x.a.b") && matches(u"<b", u"aab"));
  MICA_CHECK(matches(u"a>>", u"a") && matches(u"a>>", u"ab") && matches(u"a>>", u"abc"));
  MICA_CHECK(!matches(u"a>>", u"abcd") && matches(u"a>>.b", u"a.b") && !matches(u"a>", u"a."));
  MICA_CHECK(matches(u"a\"b", u"a.b") && matches(u"a\"", u"a") && matches(u"a\"", u"a."));
  MICA_CHECK(!matches(u"a\"b", u"ab") && matches(u"<\"*", u"a") && matches(u"<\"*", u"a.b.c"));
}

MICA_CASE("FsRtl: a long expression is matched, and does not take for ever") {
  WCHAR expression[201], name[300];
  for (ULONG i = 0; i < 200; ++i) expression[i] = i % 2 == 0 ? u'*' : u'a';
  for (WCHAR& letter : name) letter = u'a';
  expression[200] = u'b';
  UNICODE_STRING long_one{sizeof expression, sizeof expression, expression};
  UNICODE_STRING all_a{sizeof name, sizeof name, name};
  MICA_CHECK(FsRtlIsNameInExpression(&long_one, &all_a, FALSE, nullptr) == FALSE);
  name[299] = u'b';
  MICA_CHECK(FsRtlIsNameInExpression(&long_one, &all_a, FALSE, nullptr) == TRUE);
}

MICA_CASE("FsRtl: names are equal with or without regard to case, and wild or not") {
  View one{u"Name"}, other{u"nAME"}, longer{u"Names"};
  MICA_CHECK(FsRtlAreNamesEqual(&one.string, &other.string, TRUE, nullptr) == TRUE);
  MICA_CHECK(FsRtlAreNamesEqual(&one.string, &other.string, FALSE, nullptr) == FALSE);
  MICA_CHECK(FsRtlAreNamesEqual(&one.string, &longer.string, TRUE, nullptr) == FALSE);
  for (View wild : {View{u"a*"}, View{u"?"}, View{u"<"}, View{u"b>"}, View{u"\""}})
    MICA_CHECK(FsRtlDoesNameContainWildCards(&wild.string) == TRUE);
  MICA_CHECK(FsRtlDoesNameContainWildCards(&one.string) == FALSE);
}

MICA_CASE("FsRtl: what is no mistake of memory or code is expected") {
  MICA_CHECK(FsRtlIsNtstatusExpected(STATUS_INSUFFICIENT_RESOURCES) == TRUE);
  for (NTSTATUS const unexpected : {STATUS_DATATYPE_MISALIGNMENT, STATUS_ACCESS_VIOLATION,
                                    STATUS_ILLEGAL_INSTRUCTION, STATUS_INSTRUCTION_MISALIGNMENT}) {
    MICA_CHECK(FsRtlIsNtstatusExpected(unexpected) == FALSE);
    MICA_CHECK(FsRtlNormalizeNtstatus(unexpected, STATUS_TOO_LATE) == STATUS_TOO_LATE);
  }
  MICA_CHECK(FsRtlNormalizeNtstatus(STATUS_END_OF_FILE, STATUS_TOO_LATE) == STATUS_END_OF_FILE);
}

MICA_CASE("FsRtl: pool is there, or an exception is raised") {
  void* const tagged = FsRtlAllocatePoolWithTag(PagedPool, 100, 'tseT');
  void* const plain = FsRtlAllocatePool(NonPagedPool, 100);
  MICA_CHECK(tagged != nullptr && plain != nullptr);
  ExFreePoolWithTag(tagged, 'tseT');
  ExFreePool(plain);
  Bugcheck const end = bugcheck_of(
      [] { static_cast<void>(FsRtlAllocatePoolWithTag(PagedPool, 0xF000'0000, 'tseT')); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_INSUFFICIENT_RESOURCES);
}

MICA_CASE("FsRtl: expressions are for PASSIVE_LEVEL") {
  Bugcheck const end = bugcheck_of([] {
    View name{u"a"};
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    static_cast<void>(FsRtlIsNameInExpression(&name.string, &name.string, FALSE, nullptr));
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == APC_LEVEL);
}
