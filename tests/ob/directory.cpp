// Properties of directories against a reference model: which names are there, whatever their case.
#include <mica/system.hpp>

#include <rapidcheck.h>

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"

#include <nt/ntstatus.h>
#include <nt/zw/objects.h>

using namespace mica;

namespace {

// Few letters, so that names meet; some beyond ASCII, some longer than a chunk of four.
std::u16string name_of(std::uint64_t random) {
  constexpr char16_t letters[] = u"abAB\u00e4\u00c4z";
  std::u16string name;
  for (std::uint64_t length = 1 + random % 6; length-- > 0;) {
    random = random / 7 + 0x9E3779B97F4A7C15;
    name += letters[random % 7];
  }
  return name;
}

char16_t folded(char16_t letter) {
  if (letter == u'\u00e4') return u'\u00c4';
  return letter >= u'a' && letter <= u'z' ? static_cast<char16_t>(letter - 32) : letter;
}

std::u16string folded(std::u16string name) {
  for (char16_t& letter : name) letter = folded(letter);
  return name;
}

struct Attributes {
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  explicit Attributes(std::u16string& path) noexcept {
    auto const bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
    name = {bytes, bytes, path.data()};
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  }
};

class Model {
 public:
  void operate(std::uint64_t random) {
    std::uint64_t const choice = random % 4;
    std::u16string const name = name_of(random / 4);
    if (choice < 2) return create(name);
    if (choice == 2) return open(name);
    close(name);
  }
  void create(std::u16string const& name) {
    std::u16string path = u"\\KernelObjects\\" + name;
    Attributes attributes{path};
    HANDLE handle = nullptr;
    NTSTATUS const status =
        ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes.attributes);
    bool const fresh = !handles_.contains(folded(name));
    expect(status == (fresh ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION));
    if (NT_SUCCESS(status)) handles_[folded(name)] = handle;
  }
  void open(std::u16string const& name) {
    std::u16string path = u"\\KERNELobjects\\" + name;
    Attributes attributes{path};
    HANDLE handle = nullptr;
    NTSTATUS const status = ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, &attributes.attributes);
    bool const there = handles_.contains(folded(name));
    expect(status == (there ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND));
    if (NT_SUCCESS(status)) ZwClose(handle);
  }
  void close(std::u16string const& name) {
    auto const known = handles_.find(folded(name));
    if (known == handles_.end()) return;
    expect(ZwClose(known->second) == STATUS_SUCCESS);
    handles_.erase(known);
  }
  void close_all() {
    while (!handles_.empty()) close(handles_.begin()->first);
  }
  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  void expect(bool holds) noexcept { holds_ = holds_ && holds; }
  std::map<std::u16string, HANDLE> handles_;
  bool holds_ = true;
};

}  // namespace

TEST_CASE("directory: it is what its model is", "[ob]") {
  CHECK(rc::check([] {
    auto const randoms =
        *rc::gen::container<std::vector<std::uint64_t>>(400, rc::gen::arbitrary<std::uint64_t>());
    bool held = false;
    System system;
    system.run([&] {
      Model model;
      for (std::uint64_t const random : randoms) model.operate(random);
      model.close_all();
      for (std::uint64_t const random : randoms) model.open(name_of(random / 4));
      held = model.holds();
    });
    RC_ASSERT(held);
  }));
}

TEST_CASE("directory: thousands of names", "[ob]") {
  bool held = false;
  System system;
  system.run([&] {
    Model model;
    auto const name = [](unsigned i) {
      std::u16string text = u"Name";
      for (; i != 0; i /= 10) text += static_cast<char16_t>(u'0' + i % 10);
      return text;
    };
    for (unsigned i = 1; i < 3000; ++i) model.create(name(i * 10 + 1));
    for (unsigned i = 1; i < 3000; i += 2) model.close(name(i * 10 + 1));
    for (unsigned i = 1; i < 3000; ++i) model.open(name(i * 10 + 1));
    model.close_all();
    held = model.holds();
  });
  CHECK(held);
}
