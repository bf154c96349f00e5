// The script language: what is read, and what is said of each mistake.
#include "script/script.hpp"

#include <fmt/format.h>
#include <nt/ntstatus.h>

#include "catch.hpp"
#include "harness/status_names.hpp"

using namespace mica;
using namespace mica::script;

namespace {

// "line:column: found ..., expected ..." ; "" if there is no mistake.
std::string mistake_in(std::string_view text) {
  try {
    static_cast<void>(parse(text));
  } catch (Mistake const& mistake) {
    return fmt::format("{}:{}: {}", mistake.where.line, mistake.where.column, mistake.what());
  }
  return {};
}

// The last statement of a script, in which x is an open file, r a request and t a thread.
template <class What>
What last(std::string const& statement) {
  Script const script =
      parse("open \\Device\\X as x\nread x 1 as r\nthread t { }\n" + statement + "\n");
  REQUIRE(script.statements.size() == 4);
  return std::get<What>(script.statements.back().what);
}

std::string mistake_of(std::string const& statement) {
  return mistake_in("open \\D\\X as x\nread x 1 as r\nthread t { }\n" + statement);
}

using Statuses = std::vector<std::int32_t>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (int const each : values) bytes.push_back(static_cast<std::byte>(each));
  return bytes;
}

}  // namespace

TEST_CASE("script: an empty script, comments and empty lines say nothing", "[script]") {
  CHECK(parse("").statements.empty());
  CHECK(parse("\n\n  # a comment, \"\xC3\xBC\n\t\r\n#").statements.empty());
}

TEST_CASE("script: a file is opened by its path, under its last name or another", "[script]") {
  Script const script = parse(
      "open \\Device\\Beat\nopen \"\\Device\\A B\" as two expect "
      "STATUS_ACCESS_DENIED\r\nclose Beat");
  REQUIRE(script.statements.size() == 3);
  Open const first = std::get<Open>(script.statements[0].what);
  CHECK(
      (first.path == u"\\Device\\Beat" && first.file == "Beat" && first.expected.statuses.empty()));
  Open const second = std::get<Open>(script.statements[1].what);
  CHECK((second.path == u"\\Device\\A B" && second.file == "two"));
  CHECK(second.expected.statuses == Statuses{STATUS_ACCESS_DENIED});
  CHECK(second.expected.where == Place{2, 27});
  CHECK(std::get<Close>(script.statements[2].what).file == "Beat");
  CHECK(script.statements[2].where == Place{3, 1});
}

TEST_CASE("script: requests say what goes in and what may come out", "[script]") {
  Request const read = last<Request>("read x 0x10 at 4096 as q");
  CHECK((read.kind == Transfer::read && read.file == "x" && read.output == 16));
  CHECK((read.offset == 4096u && read.name == "q"));

  Request const write = last<Request>("write x 0f FF*2 u16:0x1234 \"ab\" L\"c\" within 2s");
  CHECK(write.input == bytes_of({0x0f, 0xff, 0xff, 0x34, 0x12, 'a', 'b', 'c', 0}));
  CHECK((write.kind == Transfer::write && !write.offset && write.name.empty()));
  CHECK(write.patience == 20'000'000);

  Request const control = last<Request>(
      "ioctl x ctl(0x22, 0x801, out_direct, read_write) u64:1*2 "
      "out 8 expect STATUS_BUFFER_OVERFLOW count 4 01 ??*2 ...");
  CHECK((control.code == 0x22E006u && control.output == 8 && control.input.size() == 16));
  CHECK((control.patience == usual_patience &&
         control.expected.statuses == Statuses{STATUS_BUFFER_OVERFLOW}));
  REQUIRE((control.expected.count == 4u && control.expected.bytes));
  CHECK((control.expected.bytes->bytes.size() == 3 && control.expected.bytes->more));
  CHECK((control.expected.bytes->bytes[0] == std::byte{1} && !control.expected.bytes->bytes[2]));

  Request const bare = last<Request>("ioctl x 0x222000");
  CHECK((bare.code == 0x222000 && bare.input.empty() && bare.output == 0));
  CHECK(last<Request>("ioctl x 4 expect 0xC0000010").expected.statuses ==
        Statuses{STATUS_INVALID_DEVICE_REQUEST});
  Request const either = last<Request>("read x 1 expect STATUS_SUCCESS or STATUS_CANCELLED 07");
  CHECK(either.expected.statuses == Statuses{STATUS_SUCCESS, STATUS_CANCELLED});
  CHECK(either.expected.bytes->bytes.size() == 1);
}

TEST_CASE("script: waits, times, logs, threads", "[script]") {
  Wait const wait = last<Wait>("wait r within 50us expect 00");
  CHECK((wait.name == "r" && wait.patience == 500 && wait.expected.bytes));
  CHECK(last<Wait>("wait t").name == "t");
  CHECK(last<Advance>("advance 3ms").by == 30'000);
  CHECK(last<ExpectPending>("expect pending r").request == "r");
  CHECK((last<ExpectLog>("expect log \"a b\"").text == "a b" &&
         !last<ExpectLog>("expect log \"a b\"").absent));
  CHECK(last<ExpectLog>("expect no log \"x\"").absent);
  ExpectRegister const expected = last<ExpectRegister>("expect register Com2.LSR = 0x61");
  CHECK((expected.which.device == "Com2" && expected.which.name == "LSR"));
  CHECK(expected.value == 0x61);
  SetRegister const set = last<SetRegister>("set register A-1.B_2 = 18446744073709551615");
  CHECK((set.which.device == "A-1" && set.which.name == "B_2" && set.value == UINT64_MAX));
  PutRegister const put = last<PutRegister>("put register A.B 1 0x2 3");
  CHECK((put.which.name == "B" && put.values == std::vector<std::uint64_t>{1, 2, 3}));
  CHECK(last<Interrupt>("interrupt Com2").device == "Com2");
  CHECK(last<Unload>("unload expect STATUS_INVALID_DEVICE_REQUEST").expected.statuses ==
        Statuses{STATUS_INVALID_DEVICE_REQUEST});
  Cancel const request = last<Cancel>("cancel r expect STATUS_SUCCESS or STATUS_NOT_FOUND");
  CHECK((request.name == "r" && !request.of_file));
  CHECK(request.expected.statuses == Statuses{STATUS_SUCCESS, STATUS_NOT_FOUND});
  CHECK((last<Cancel>("cancel x").name == "x" && last<Cancel>("cancel x").of_file));
  CHECK(last<Unplug>("remove Plug expect STATUS_DEVICE_BUSY").expected.statuses ==
        Statuses{STATUS_DEVICE_BUSY});
  Unplug const lost = last<Unplug>("lose Plug");
  CHECK((lost.device == "Plug" && !lost.asks));
  Thread const thread = last<Thread>("thread u {\n  read x 4\n\n  # more\n  close x }");
  CHECK((thread.name == "u" && thread.body.size() == 2));
}

TEST_CASE("script: what is no statement is said so", "[script]") {
  CHECK(mistake_in("\n  opne \\Device\\X") ==
        "2:3: found 'opne', expected a statement: open, read, write, ioctl, wait, cancel, "
        "expect, set, put, interrupt, advance, close, remove, lose, thread or unload");
  CHECK(mistake_in("}").starts_with("1:1: found '}', expected a statement"));
  CHECK(mistake_in("\"text\"").starts_with("1:1: found the text \"text\", expected a statement"));
  CHECK(mistake_in("unload now") == "1:8: found 'now', expected the end of the line");
  CHECK(mistake_in("lose") == "1:5: found the end of the script, expected the name of a device");
  CHECK(mistake_in("unload }") == "1:8: found '}', expected the end of the line");
}

TEST_CASE("script: letters and texts that cannot be", "[script]") {
  CHECK(mistake_in("unl\xF6"
                   "ad") == "1:4: found the byte 0xF6, expected a printable character of ASCII");
  CHECK(mistake_in("expect log \"a\tb\"") ==
        "1:14: found the byte 0x09, expected a printable character of ASCII");
  CHECK(mistake_in("expect log \"abc") ==
        "1:16: found the end of the line, expected a quotation mark that ends the text");
  CHECK(mistake_in("expect log \"abc\nunload").starts_with("1:16: found the end of the line"));
}

TEST_CASE("script: mistakes of names", "[script]") {
  CHECK(mistake_in("open Beat") ==
        "1:6: found 'Beat', expected the path of a device, such as \\Device\\Beat");
  CHECK(mistake_in("open").starts_with("1:5: found the end of the script, expected the path"));
  CHECK(mistake_in("open \\" + std::string(40'000, 'x')).ends_with("such as \\Device\\Beat"));
  CHECK(mistake_in("open \\Device\\X as 1x") ==
        "1:19: found '1x', expected a name of letters, digits and _, a letter first");
  CHECK(mistake_in("open \\Device\\A-B") ==
        "1:6: found '\\Device\\A-B', expected a name of letters, digits and _, a letter first");
  CHECK(mistake_in("open \\D\\X as") ==
        "1:13: found the end of the script, expected a name for a file");
  CHECK(mistake_of("open \\D\\Y as t") ==
        "4:14: found 't', expected another name: 't' is a thread of line 3");
  CHECK(mistake_of("read x 1 as x") ==
        "4:13: found 'x', expected another name: 'x' is a file of line 1");
  CHECK(mistake_of("thread r {").ends_with("expected another name: 'r' is a request of line 2"));
  CHECK(mistake_in("read y 4") ==
        "1:6: found 'y', expected the name of an open file; there is none before this line");
  CHECK(mistake_of("close r") ==
        "4:7: found 'r', expected the name of an open file; there are 'x'");
  CHECK(mistake_of("wait x") ==
        "4:6: found 'x', expected the name of a request or a thread; there are 'r', 't'");
  CHECK(mistake_of("expect pending t") ==
        "4:16: found 't', expected the name of a request; there are 'r'");
  CHECK(mistake_in("thread {") == "1:8: found '{', expected a name for a thread");
}

TEST_CASE("script: mistakes of numbers and times", "[script]") {
  std::string const size = "expected a size: at most 1048576 bytes";
  CHECK(mistake_of("read x") == "4:7: found the end of the script, " + size);
  CHECK(mistake_of("read x 0xg") == "4:8: found '0xg', " + size);
  CHECK(mistake_of("read x 1048577") == "4:8: found '1048577', " + size);
  CHECK(mistake_of("read x 1 at -1") == "4:13: found '-1', expected an offset in bytes");
  CHECK(mistake_of("read x 1 at 0x8000000000000000").ends_with("an offset in bytes"));
  std::string const time = "expected a time of a year at most, such as 50us, 10ms or 2s";
  CHECK(mistake_of("advance 10") == "4:9: found '10', " + time);
  CHECK(mistake_of("advance ms") == "4:9: found 'ms', " + time);
  CHECK(mistake_of("advance") == "4:8: found the end of the script, " + time);
  CHECK(mistake_of("advance 31536001s") == "4:9: found '31536001s', " + time);
  CHECK(mistake_of("advance 99999999999999999999s").ends_with(time));
  CHECK(mistake_of("wait r within soon") == "4:15: found 'soon', " + time);
}

TEST_CASE("script: mistakes of control codes", "[script]") {
  CHECK(
      mistake_of("ioctl x buffered") ==
      "4:9: found 'buffered', expected a control code: a number, or ctl(DEVICE, FUNCTION, METHOD, "
      "ACCESS)");
  CHECK(mistake_of("ioctl x 0x100000000").starts_with("4:9: found '0x100000000', expected a c"));
  CHECK(mistake_of("ioctl x ctl 1") == "4:13: found '1', expected '(' after ctl");
  CHECK(mistake_of("ioctl x ctl(65536,").ends_with("expected a device type: 0 to 0xFFFF"));
  CHECK(mistake_of("ioctl x ctl(1)") == "4:14: found ')', expected ',' after the device type");
  CHECK(mistake_of("ioctl x ctl(1,4096").ends_with("expected a function: 0 to 0xFFF"));
  CHECK(mistake_of("ioctl x ctl(1,2 buffered").ends_with("expected ',' after the function"));
  CHECK(mistake_of("ioctl x ctl(1,2,direct")
            .ends_with(
                "found 'direct', expected a method: buffered, in_direct, out_direct or neither"));
  CHECK(mistake_of("ioctl x ctl(1,2,neither any").ends_with("expected ',' after the method"));
  CHECK(mistake_of("ioctl x ctl(1,2,neither,all")
            .ends_with("expected an access: any, read, write or read_write"));
  CHECK(mistake_of("ioctl x ctl(1,2,neither,any,").ends_with("expected ')' after the access"));
}

TEST_CASE("script: mistakes of bytes", "[script]") {
  CHECK(mistake_of("write x 123") ==
        "4:9: found '123', expected bytes: two hexadecimal digits, 'u32:1000' or a text, such as "
        "0f 00*16 u32:1000 \"abc\"");
  CHECK(mistake_of("write x 01 ??") == "4:12: found '?\?', expected the end of the line");
  CHECK(mistake_of("write x u8:256") ==
        "4:9: found 'u8:256', expected a number of 8 bits at most after the colon");
  CHECK(mistake_of("write x u64:").ends_with("a number of 64 bits at most after the colon"));
  CHECK(mistake_of("write x 00*0") ==
        "4:9: found '00*0', expected a number from 1 to 1048576 after the *");
  CHECK(mistake_of("write x 00*1048577").ends_with("from 1 to 1048576 after the *"));
  CHECK(mistake_of("write x 00*1048576 01") == "4:20: found '01', expected at most 1048576 bytes");
  CHECK(mistake_of("write x u64:1*200000").ends_with("expected at most 1048576 bytes"));
  CHECK(mistake_of("read x 1 expect ... 00") == "4:21: found '00', expected the end of the line");
}

TEST_CASE("script: mistakes of what is expected", "[script]") {
  CHECK(mistake_of("read x 1 expect") ==
        "4:16: found the end of the script, expected what is expected: a status, 'count' and a "
        "size, or bytes");
  CHECK(mistake_of("read x 1 expect success").starts_with("4:17: found 'success', expected what"));
  CHECK(mistake_of("read x 1 expect STATUS_SUCESS") ==
        "4:17: found 'STATUS_SUCESS', expected a status of <nt/ntstatus.h>, such as "
        "STATUS_SUCCESS");
  CHECK(mistake_of("read x 1 expect STATUS_SUCCESS or 01") ==
        "4:35: found '01', expected a status as 0x and eight hexadecimal digits");
  CHECK(mistake_of("cancel t") ==
        "4:8: found 't', expected the name of a request or an open file; there are 'r', 'x'");
  CHECK(mistake_of("read x 1 expect 0xC000") ==
        "4:17: found '0xC000', expected a status as 0x and eight hexadecimal digits");
  CHECK(mistake_of("read x 1 expect 0xC00000zz").ends_with("0x and eight hexadecimal digits"));
  CHECK(mistake_of("read x 1 expect count many").starts_with("4:23: found 'many', expected a s"));
  CHECK(mistake_of("read x 1 as q expect 00") ==
        "4:15: found 'expect', expected the end of the line: what it comes to is expected where it "
        "is waited for");
  CHECK(mistake_of("wait t expect STATUS_SUCCESS") ==
        "4:8: found 'expect', expected the end of the line: a thread comes to nothing that could "
        "be expected");
  CHECK(mistake_of("expect \"text\"") ==
        "4:8: found the text \"text\", expected 'log' and a text, 'no log' and a text, "
        "'pending' and a name, or 'register' and a name");
  CHECK(mistake_of("expect register LSR = 1") ==
        "4:17: found 'LSR', expected the name of a register: DEVICE.REGISTER");
  CHECK(mistake_of("set register A. = 1").starts_with("4:14: found 'A.', expected the name of a"));
  CHECK(mistake_of("set A.B = 1") == "4:5: found 'A.B', expected 'register' and a name");
  CHECK(mistake_of("set register A.B 1") == "4:18: found '1', expected '=' and a number");
  CHECK(mistake_of("put register A.B") ==
        "4:17: found the end of the script, expected a number of 64 bits at most, such as 65 or "
        "0x41");
  CHECK(mistake_of("expect no \"text\"") == "4:11: found the text \"text\", expected 'log'");
  CHECK(mistake_of("expect log text") == "4:12: found 'text', expected a text in quotation marks");
  CHECK(mistake_of("expect log L\"text\"") ==
        "4:12: found the text L\"text\", expected a text in quotation marks");
}

TEST_CASE("script: mistakes of threads", "[script]") {
  CHECK(mistake_in("thread t\n{") ==
        "1:9: found the end of the line, expected '{' after the thread's name");
  CHECK(mistake_in("\nthread t {\n  unload\n") ==
        "4:1: found the end of the script, expected '}' of the thread of line 2");
  CHECK(mistake_in("thread t {\n  thread u {\n}}") ==
        "2:3: found 'thread', expected no thread within a thread");
  CHECK(mistake_in("thread t { } unload") == "1:14: found 'unload', expected the end of the line");
}

TEST_CASE("script: statuses by name, and names by status", "[script]") {
  CHECK(harness::status_named("STATUS_PENDING") == STATUS_PENDING);
  CHECK(!harness::status_named("STATUS_"));
  CHECK(harness::name_of_status(STATUS_SUCCESS) == "STATUS_SUCCESS");
  CHECK(harness::name_of_status(STATUS_NO_SUCH_DEVICE) == "STATUS_NO_SUCH_DEVICE");
  CHECK(harness::name_of_status(static_cast<std::int32_t>(0xE0001234)) == "0xE0001234");
  CHECK(harness::nearest_status_name("STATUS_BUFFER_TO_SMALL") == "STATUS_BUFFER_TOO_SMALL");
}
