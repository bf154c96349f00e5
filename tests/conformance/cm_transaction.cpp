// Keys in transactions: who sees what is done to them, and when.
#include "cm_transaction_support.hpp"

using namespace mica::test;

namespace {

constexpr NTSTATUS not_found = STATUS_OBJECT_NAME_NOT_FOUND;

struct Counts {
  ULONG subkeys, values, longest;
};
Counts counts_of(HANDLE key) {
  Answer answer;
  MICA_CHECK(ZwQueryKey(key, KeyFullInformation, answer.bytes, sizeof answer.bytes,
                        &answer.needed) == STATUS_SUCCESS);
  auto const& full = answer.as<KEY_FULL_INFORMATION>();
  return {full.SubKeys, full.Values, full.MaxNameLen};
}

bool is_subkey(HANDLE key, ULONG index, WCHAR letter) {
  Answer answer;
  NTSTATUS const status = ZwEnumerateKey(key, index, KeyBasicInformation, answer.bytes,
                                         sizeof answer.bytes, &answer.needed);
  if (letter == 0) return status == STATUS_NO_MORE_ENTRIES;
  return status == STATUS_SUCCESS && answer.as<KEY_BASIC_INFORMATION>().Name[0] == letter;
}

}  // namespace

MICA_CASE("Cm: a key that a transaction makes is there for others when it is committed") {
  CaseKey top;
  Inside inside;
  KeyHandle key, value_key;
  ULONG disposition = 0;
  MICA_REQUIRE(create_in(key, inside.transaction, top, u"b", &disposition) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_CREATED_NEW_KEY);
  Text value{u"Value"};
  MICA_CHECK(set_number(key, value, 5) == STATUS_SUCCESS && number_in(key, value) == 5);
  MICA_CHECK(open_below(top, u"b") == not_found && open_below(inside.top, u"b") == STATUS_SUCCESS);
  MICA_CHECK(counts_of(top).subkeys == 0 && counts_of(inside.top).subkeys == 1);
  MICA_CHECK(is_subkey(top, 0, 0) && is_subkey(inside.top, 0, u'b'));
  MICA_CHECK(inside.commit() == STATUS_SUCCESS);
  MICA_CHECK(open_below(top, u"b") == STATUS_SUCCESS && is_subkey(top, 0, u'b'));
  MICA_CHECK(number_in(key, value) == MAXULONG);
  MICA_CHECK(set_number(key, value, 6) == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(ZwDeleteKey(inside.top) == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(ZwFlushKey(key) == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(open_below(inside.top, u"b") == STATUS_TRANSACTION_NOT_ACTIVE);
  MICA_CHECK(create_in(value_key, inside.transaction, top, u"b") == STATUS_TRANSACTION_NOT_ACTIVE);
  Attributes path{u"b", OBJ_CASE_INSENSITIVE, top};
  MICA_REQUIRE(ZwOpenKey(value_key.out(), KEY_READ, path) == STATUS_SUCCESS);
  MICA_CHECK(number_in(value_key, value) == 5);
  value_key.close();
  delete_below(top, u"b");
}

MICA_CASE("Cm: what a transaction does is gone when it is rolled back") {
  CaseKey top;
  SubKey kept{top, u"kept"};
  Text value{u"Value"}, fresh{u"Fresh"};
  MICA_REQUIRE(set_number(kept, value, 1) == STATUS_SUCCESS);
  {
    Inside inside;
    KeyHandle changed, made, below, doomed;
    MICA_REQUIRE(open_in(changed, inside.transaction, inside.top, u"kept") == STATUS_SUCCESS);
    MICA_CHECK(set_number(changed, value, 2) == STATUS_SUCCESS);
    MICA_CHECK(set_number(changed, fresh, 3) == STATUS_SUCCESS);
    MICA_CHECK(number_in(changed, value) == 2 && number_in(kept, value) == 1);
    MICA_CHECK(counts_of(changed).values == 2 && counts_of(kept).values == 1);
    MICA_REQUIRE(create_in(made, inside.transaction, top, u"made") == STATUS_SUCCESS);
    Attributes name{u"below", OBJ_CASE_INSENSITIVE, made};
    MICA_REQUIRE(create_key(below, name) == STATUS_SUCCESS);
    MICA_REQUIRE(open_in(doomed, inside.transaction, top, u"kept") == STATUS_SUCCESS);
    MICA_CHECK(ZwDeleteKey(doomed) == STATUS_SUCCESS);
    MICA_CHECK(set_number(changed, value, 4) == STATUS_KEY_DELETED);
    MICA_CHECK(open_below(inside.top, u"kept") == not_found);
    MICA_CHECK(open_below(top, u"kept") == STATUS_SUCCESS);
    MICA_CHECK(inside.roll_back() == STATUS_SUCCESS);
    MICA_CHECK(set_number(below, value, 1) == STATUS_TRANSACTION_NOT_ACTIVE);
  }
  MICA_CHECK(open_below(top, u"made") == not_found && number_in(kept, value) == 1);
  MICA_CHECK(number_in(kept, fresh) == MAXULONG && counts_of(top).subkeys == 1);
}

MICA_CASE("Cm: values that a transaction sets and deletes are the key's when it is committed") {
  CaseKey top;
  Inside inside;
  Text value{u"Value"}, other{u"Other"};
  MICA_REQUIRE(set_number(top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteValueKey(inside.top, value) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteValueKey(inside.top, value) == not_found);
  MICA_CHECK(set_number(inside.top, other, 2) == STATUS_SUCCESS);
  KEY_WRITE_TIME_INFORMATION time{};
  time.LastWriteTime.QuadPart = 12345;
  MICA_CHECK(ZwSetInformationKey(inside.top, KeyWriteTimeInformation, &time, sizeof time) ==
             STATUS_SUCCESS);
  Answer answer;
  auto const written = [&](HANDLE key) {
    MICA_CHECK(ZwQueryKey(key, KeyBasicInformation, answer.bytes, sizeof answer.bytes,
                          &answer.needed) == STATUS_SUCCESS);
    return answer.as<KEY_BASIC_INFORMATION>().LastWriteTime.QuadPart;
  };
  MICA_CHECK(written(inside.top) == 12345 && written(top) != 12345);
  MICA_CHECK(number_in(top, value) == 1 && number_in(top, other) == MAXULONG);
  MICA_CHECK(ZwEnumerateValueKey(inside.top, 1, KeyValueBasicInformation, answer.bytes,
                                 sizeof answer.bytes, &answer.needed) == STATUS_NO_MORE_ENTRIES);
  MICA_CHECK(inside.commit() == STATUS_SUCCESS);
  MICA_CHECK(number_in(top, value) == MAXULONG && number_in(top, other) == 2);
  MICA_CHECK(written(top) == 12345);
}

MICA_CASE("Cm: a key that a transaction deletes is gone for others when it is committed") {
  CaseKey top;
  KeyHandle made, doomed, again, other_again;
  Attributes name{u"k", OBJ_CASE_INSENSITIVE, top};
  MICA_REQUIRE(create_key(made, name) == STATUS_SUCCESS);
  Inside inside;
  MICA_REQUIRE(open_in(doomed, inside.transaction, top, u"k") == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(doomed) == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(doomed) == STATUS_KEY_DELETED);
  MICA_CHECK(counts_of(inside.top).subkeys == 0 && counts_of(inside.top).longest == 0);
  // Under the same name the transaction makes another, and takes it back, and makes another.
  MICA_REQUIRE(create_in(again, inside.transaction, top, u"K") == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(again) == STATUS_SUCCESS && ZwDeleteKey(again) == STATUS_KEY_DELETED);
  MICA_REQUIRE(create_in(other_again, inside.transaction, top, u"K") == STATUS_SUCCESS);
  MICA_CHECK(counts_of(inside.top).subkeys == 1 && counts_of(top).subkeys == 1);
  MICA_CHECK(is_subkey(top, 0, u'k') && is_subkey(inside.top, 0, u'K'));
  Text value{u"Value"};
  MICA_CHECK(set_number(other_again, value, 9) == STATUS_SUCCESS);
  MICA_CHECK(number_in(made, value) == MAXULONG);
  MICA_CHECK(inside.commit() == STATUS_SUCCESS);
  MICA_CHECK(ZwFlushKey(made) == STATUS_KEY_DELETED && is_subkey(top, 0, u'K'));
  MICA_CHECK(counts_of(top).subkeys == 1);
  delete_below(top, u"k");
}

MICA_CASE("Cm: what a transaction has changed another cannot change") {
  CaseKey top;
  SubKey key{top, u"key"};
  Inside one, two;
  Text value{u"Value"};
  KeyHandle made, first, second, below;
  constexpr NTSTATUS conflict = STATUS_TRANSACTIONAL_CONFLICT;
  MICA_REQUIRE(open_in(first, one.transaction, top, u"key") == STATUS_SUCCESS);
  MICA_REQUIRE(open_in(second, two.transaction, top, u"key") == STATUS_SUCCESS);
  MICA_CHECK(set_number(first, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(set_number(second, value, 2) == conflict && number_in(second, value) == MAXULONG);
  MICA_CHECK(ZwDeleteValueKey(second, value) == conflict);
  MICA_CHECK(ZwDeleteKey(second) == conflict);
  MICA_CHECK(create_in(below, two.transaction, second, u"below") == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(first) == conflict);  // there is a key beneath that it does not see
  MICA_CHECK(create_in(made, one.transaction, top, u"name") == STATUS_SUCCESS);
  KeyHandle same;
  MICA_CHECK(create_in(same, two.transaction, top, u"NAME") == conflict);
  MICA_CHECK(create_in(same, two.transaction, one.top, u"x") == STATUS_INVALID_TRANSACTION);
  MICA_CHECK(create_in(same, top, top, u"x") == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(one.commit() == STATUS_SUCCESS && two.commit() == STATUS_SUCCESS);
  MICA_CHECK(number_in(key, value) == 1);
  delete_below(key, u"below");
  delete_below(top, u"name");
}

MICA_CASE("Cm: who changes what a transaction has changed, and is in none, has it rolled back") {
  CaseKey top;
  Text value{u"Value"};
  Inside by_value, by_name, by_end, by_child;
  KeyHandle made, doomed, key;
  MICA_CHECK(set_number(by_value.top, value, 1) == STATUS_SUCCESS);
  MICA_CHECK(set_number(top, value, 2) == STATUS_SUCCESS && number_in(top, value) == 2);
  MICA_CHECK(by_value.transaction.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(by_value.commit() == STATUS_TRANSACTION_ALREADY_ABORTED);
  ULONG disposition = 0;
  MICA_REQUIRE(create_in(made, by_name.transaction, top, u"name") == STATUS_SUCCESS);
  Attributes name{u"Name", OBJ_CASE_INSENSITIVE, top};
  MICA_REQUIRE(create_key(key, name, 0, &disposition) == STATUS_SUCCESS);
  MICA_CHECK(disposition == REG_CREATED_NEW_KEY);
  MICA_CHECK(by_name.transaction.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(counts_of(top).subkeys == 1);
  MICA_REQUIRE(open_in(doomed, by_end.transaction, top, u"name") == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(doomed) == STATUS_SUCCESS);
  Attributes below{u"below", OBJ_CASE_INSENSITIVE, key};
  KeyHandle child;
  MICA_CHECK(create_key(child, below) == STATUS_SUCCESS);
  MICA_CHECK(by_end.transaction.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(ZwDeleteKey(child) == STATUS_SUCCESS);
  child.close();
  MICA_REQUIRE(create_in(child, by_child.transaction, key, u"below") == STATUS_SUCCESS);
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  MICA_CHECK(by_child.transaction.outcome() == TransactionOutcomeAborted);
  MICA_CHECK(ZwDeleteValueKey(top, value) == STATUS_SUCCESS);
}

MICA_CASE("Cm: keys beneath a transacted key are the transaction's, through links too") {
  CaseKey top;
  SubKey link{top, u"link", REG_OPTION_CREATE_LINK};
  constexpr WCHAR target[] = u"\\Registry\\Machine\\Software\\Case";
  Text name{u"SymbolicLinkValue"};
  MICA_REQUIRE(set_value(link, name, REG_LINK, target, sizeof target - sizeof(WCHAR)) ==
               STATUS_SUCCESS);
  Inside inside;
  KeyHandle made, opened;
  Attributes path{u"link\\made", OBJ_CASE_INSENSITIVE, inside.top};
  MICA_REQUIRE(create_key(made, path) == STATUS_SUCCESS);
  MICA_CHECK(open_below(top, u"made") == not_found);
  MICA_CHECK(ZwOpenKeyTransactedEx(opened.out(), KEY_READ,
                                   Attributes{u"made", OBJ_CASE_INSENSITIVE, top}, 0,
                                   inside.transaction) == STATUS_SUCCESS);
  KeyHandle none;
  MICA_CHECK(ZwOpenKeyTransactedEx(none.out(), KEY_READ,
                                   Attributes{u"made", OBJ_CASE_INSENSITIVE, top}, 0x8000,
                                   inside.transaction) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ZwCreateKeyTransacted(none.out(), KEY_READ, nullptr, 0, nullptr, 0, inside.transaction,
                                   nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(inside.roll_back() == STATUS_SUCCESS);
  MICA_CHECK(open_below(top, u"made") == not_found);
}
