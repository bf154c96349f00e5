#include <fmt/format.h>
#include <nt/ntdef.h>

#include <algorithm>
#include <map>

#include "script/script.hpp"
#include "script/values.hpp"

namespace mica::script {
namespace {

constexpr std::string_view statement_words =
    "a statement: open, read, write, ioctl, wait, cancel, expect, set, put, interrupt, advance, "
    "close, remove, lose, thread or unload";

enum class Named : std::uint8_t { file, request, thread };

[[nodiscard]] std::string_view article_and_name(Named named) noexcept {
  switch (named) {
    case Named::file:
      return "a file";
    case Named::request:
      return "a request";
    case Named::thread:
      break;
  }
  return "a thread";
}

struct Name {
  Named named;
  unsigned line;
};

[[nodiscard]] bool is_name(std::string_view text) noexcept {
  auto const is_letter = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
  };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char letter) {
    return is_letter(letter) || (letter >= '0' && letter <= '9');
  });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_{tokens_of(text)}, reader_{tokens_} {}

  Script script() {
    Script script;
    while (!skip_empty_lines()) script.statements.push_back(statement());
    return script;
  }

 private:
  // True: that was the end.
  bool skip_empty_lines() noexcept {
    while (reader_.is_next(Kind::end_of_line)) reader_.take();
    return reader_.is_next(Kind::end);
  }

  void end_statement(std::string_view expected = "the end of the line") {
    if (!reader_.is_next(Kind::end) && !reader_.is_next(Kind::end_of_line) &&
        !(in_thread_ && reader_.is_next(Kind::close_brace)))
      reader_.fail(expected);
  }

  Statement statement() {
    Token const first = reader_.next();
    Statement made{first.where, Unload{}};
    if (reader_.skip("open"))
      made.what = open();
    else if (reader_.skip("read"))
      made.what = read();
    else if (reader_.skip("write"))
      made.what = write();
    else if (reader_.skip("ioctl"))
      made.what = control();
    else if (reader_.skip("wait"))
      made.what = wait();
    else if (reader_.skip("cancel"))
      made.what = cancel();
    else if (reader_.skip("expect"))
      expect(made);
    else if (reader_.skip("set"))
      made.what = set_register();
    else if (reader_.skip("put"))
      made.what = put_register();
    else if (reader_.skip("interrupt"))
      made.what = Interrupt{device_name()};
    else if (reader_.skip("advance"))
      made.what = Advance{take_time(reader_)};
    else if (reader_.skip("close"))
      made.what = close();
    else if (reader_.skip("remove"))
      made.what = unplug(true);
    else if (reader_.skip("lose"))
      made.what = unplug(false);
    else if (reader_.skip("thread"))
      made.what = thread(first);
    else if (reader_.skip("unload"))
      made.what = Unload{expectation()};
    else
      reader_.fail(statement_words);
    end_statement();
    return made;
  }

  // ---- Names

  std::string new_name(Named named) {
    Token const& token =
        reader_.take(Kind::word, fmt::format("a name for {}", article_and_name(named)));
    return add_name(named, token, token.text);
  }

  std::string add_name(Named named, Token const& token, std::string_view text) {
    if (!is_name(text)) Reader::fail(token, "a name of letters, digits and _, a letter first");
    auto const [at, added] = names_.try_emplace(std::string{text}, Name{named, token.where.line});
    if (!added)
      Reader::fail(token, fmt::format("another name: '{}' is {} of line {}", text,
                                      article_and_name(at->second.named), at->second.line));
    return at->first;
  }

  // A name that stands for one of these.
  std::string known_name(std::initializer_list<Named> wanted, std::string_view expected) {
    Token const& token = reader_.take(Kind::word, expected);
    auto const at = names_.find(std::string{token.text});
    if (at != names_.end() && std::ranges::find(wanted, at->second.named) != wanted.end())
      return at->first;
    std::string known;
    for (auto const& [name, what] : names_)
      if (std::ranges::find(wanted, what.named) != wanted.end())
        known += fmt::format("{}'{}'", known.empty() ? "" : ", ", name);
    Reader::fail(token, fmt::format("{}; there {}", expected,
                                    known.empty() ? "is none before this line" : "are " + known));
  }

  std::string file_name() { return known_name({Named::file}, "the name of an open file"); }

  // ---- What follows a request

  Expectation expectation() {
    Expectation made{reader_.next().where, {}, {}, {}};
    if (reader_.skip("expect")) fill(made);
    return made;
  }

  void fill(Expectation& made) {
    constexpr std::string_view expected =
        "what is expected: a status, 'count' and a size, or bytes";
    if (begins_status(reader_.next())) {
      do made.statuses.push_back(take_status(reader_));
      while (reader_.skip("or"));
    }
    if (reader_.skip("count")) made.count = take_size(reader_);
    if (begins_pattern(reader_.next())) made.bytes = take_pattern(reader_);
    if (made.statuses.empty() && !made.count && !made.bytes) reader_.fail(expected);
  }

  Time patience() { return reader_.skip("within") ? take_time(reader_) : usual_patience; }

  void finish(Request& request) {
    if (reader_.skip("at")) request.offset = take_offset(reader_);
    if (reader_.skip("as")) {
      request.name = new_name(Named::request);
      end_statement("the end of the line: what it comes to is expected where it is waited for");
      return;
    }
    request.patience = patience();
    request.expected = expectation();
  }

  // ---- Statements

  Open open() {
    constexpr std::string_view expected = "the path of a device, such as \\Device\\Beat";
    if (!reader_.is_next(Kind::word) && !reader_.is_next(Kind::text)) reader_.fail(expected);
    Token const& path = reader_.take();
    if (!path.text.starts_with('\\') || path.text.size() > UINT16_MAX / sizeof(WCHAR) - 1)
      Reader::fail(path, expected);
    Open made{{path.text.begin(), path.text.end()}, {}, {}};
    if (reader_.skip("as"))
      made.file = new_name(Named::file);
    else
      made.file = add_name(Named::file, path, path.text.substr(path.text.rfind('\\') + 1));
    made.expected = expectation();
    return made;
  }

  Request read() {
    Request made{.kind = Transfer::read, .file = file_name()};
    made.output = take_size(reader_);
    finish(made);
    return made;
  }

  Request write() {
    Request made{.kind = Transfer::write, .file = file_name()};
    made.input = take_bytes(reader_);
    finish(made);
    return made;
  }

  Request control() {
    Request made{.kind = Transfer::control, .file = file_name()};
    made.code = take_control_code(reader_);
    if (begins_bytes(reader_.next())) made.input = take_bytes(reader_);
    if (reader_.skip("out")) made.output = take_size(reader_);
    finish(made);
    return made;
  }

  Wait wait() {
    Wait made{known_name({Named::request, Named::thread}, "the name of a request or a thread"),
              patience(),
              {}};
    if (names_.at(made.name).named == Named::request)
      made.expected = expectation();
    else
      end_statement("the end of the line: a thread comes to nothing that could be expected");
    return made;
  }

  Cancel cancel() {
    Cancel made{
        known_name({Named::request, Named::file}, "the name of a request or an open file"), {}, {}};
    made.of_file = names_.at(made.name).named == Named::file;
    made.expected = expectation();
    return made;
  }

  void expect(Statement& made) {
    if (reader_.skip("pending")) {
      made.what = ExpectPending{known_name({Named::request}, "the name of a request")};
      return;
    }
    if (reader_.skip("register")) {
      RegisterName which = register_name();
      skip_equals();
      made.what = ExpectRegister{std::move(which), take_number(reader_)};
      return;
    }
    bool const absent = reader_.skip("no");
    if (!reader_.skip("log"))
      reader_.fail(absent ? "'log'"
                          : "'log' and a text, 'no log' and a text, 'pending' and a name, or "
                            "'register' and a name");
    made.what =
        ExpectLog{std::string{reader_.take(Kind::text, "a text in quotation marks").text}, absent};
  }

  // ---- Devices

  std::string device_name() {
    return std::string{reader_.take(Kind::word, "the name of a device").text};
  }

  RegisterName register_name() {
    constexpr std::string_view expected = "the name of a register: DEVICE.REGISTER";
    Token const& token = reader_.take(Kind::word, expected);
    std::size_t const dot = token.text.find('.');
    if (dot == 0 || dot == token.text.npos || dot + 1 == token.text.size())
      Reader::fail(token, expected);
    return {std::string{token.text.substr(0, dot)}, std::string{token.text.substr(dot + 1)}};
  }

  void skip_register() {
    if (!reader_.skip("register")) reader_.fail("'register' and a name");
  }
  void skip_equals() {
    if (!reader_.skip("=")) reader_.fail("'=' and a number");
  }

  SetRegister set_register() {
    skip_register();
    RegisterName which = register_name();
    skip_equals();
    return {std::move(which), take_number(reader_)};
  }

  PutRegister put_register() {
    skip_register();
    PutRegister made{register_name(), {}};
    do made.values.push_back(take_number(reader_));
    while (reader_.is_next(Kind::word));
    return made;
  }

  Close close() {
    Close made{file_name(), {}};
    made.expected = expectation();
    return made;
  }

  Unplug unplug(bool asks) {
    Unplug made{device_name(), asks, {}};
    made.expected = expectation();
    return made;
  }

  Thread thread(Token const& first) {
    if (in_thread_) Reader::fail(first, "no thread within a thread");
    Thread made{new_name(Named::thread), {}};
    reader_.take(Kind::open_brace, "'{' after the thread's name");
    in_thread_ = true;
    for (bool end = skip_empty_lines(); !reader_.is_next(Kind::close_brace);
         end = skip_empty_lines()) {
      if (end) reader_.fail(fmt::format("'}}' of the thread of line {}", first.where.line));
      made.body.push_back(statement());
    }
    in_thread_ = false;
    reader_.take();
    return made;
  }

  std::vector<Token> tokens_;
  Reader reader_;
  std::map<std::string, Name> names_;
  bool in_thread_ = false;
};

}  // namespace

Script parse(std::string_view text) {
  return Parser{text}.script();
}

}  // namespace mica::script
