// Properties of the registry against a reference model: which keys and values there are, what
// deleted ones answer, and in which order they are enumerated.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"

#include <nt/ntifs.h>

using namespace mica;

namespace {

// Few letters, so that names meet.
std::u16string name_of(std::uint64_t random) {
  constexpr char16_t letters[] = u"abAB";
  std::u16string name;
  for (std::uint64_t length = 1 + random % 2; length-- > 0; random /= 4)
    name += letters[random / 2 % 4];
  return name;
}

std::u16string folded(std::u16string name) {
  for (char16_t& letter : name)
    if (letter >= u'a') letter = static_cast<char16_t>(letter - 32);
  return name;
}

UNICODE_STRING view(std::u16string const& text) {
  auto const bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(text.data())};
}

// What is known of a key, and one handle to it.
struct Key {
  HANDLE handle = nullptr;
  bool deleted = false;
  Key* parent = nullptr;
  std::u16string name;                     // as it was made
  std::map<std::u16string, Key*> subkeys;  // by folded names
  std::vector<std::pair<std::u16string, ULONG>> values;
};

class Model {
 public:
  Model() {
    keys_.push_back(std::make_unique<Key>());
    std::u16string const path = u"\\Registry\\Machine\\Software";
    expect(open(nullptr, path, keys_[0]->handle) == STATUS_SUCCESS);
    // It has subkeys of its own: the model's are beneath one of them.
    create(0, u"Model");
    root_ = 1;
  }

  void operate(std::uint64_t random) {
    std::size_t const at = root_ + random / 8 % (keys_.size() - root_);
    std::u16string const name = name_of(random / 1024);
    switch (random % 8) {
      case 0:
      case 1:
      case 2:
        return create(at, name);
      case 3:
        return remove(at);
      case 4:
      case 5:
        return set(at, name, static_cast<ULONG>(random / 4096));
      case 6:
        return remove_value(at, name);
      default:
        return find(at, name);
    }
  }

  // Everything is as the model says; then nothing is left.
  void finish() {
    for (auto const& key : keys_)
      if (key != keys_.front()) compare(*key);
    bool more = true;
    while (more) {
      more = false;
      for (std::size_t i = root_; i < keys_.size(); ++i)
        if (!keys_[i]->deleted && keys_[i]->subkeys.empty()) remove(i), more = true;
    }
    for (auto const& key : keys_) expect(ZwClose(key->handle) == STATUS_SUCCESS);
  }
  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  void expect(bool holds) noexcept { holds_ = holds_ && holds; }

  static NTSTATUS open(HANDLE root, std::u16string const& path, HANDLE& handle) {
    UNICODE_STRING text = view(path);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, root, nullptr);
    return ZwOpenKey(&handle, KEY_ALL_ACCESS, &attributes);
  }

  void create(std::size_t at, std::u16string const& name) {
    Key& parent = *keys_[at];
    UNICODE_STRING text = view(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, parent.handle, nullptr);
    HANDLE handle = nullptr;
    ULONG disposition = 0;
    NTSTATUS const status =
        ZwCreateKey(&handle, KEY_ALL_ACCESS, &attributes, 0, nullptr, 0, &disposition);
    if (parent.deleted) return expect(status == STATUS_KEY_DELETED);
    expect(status == STATUS_SUCCESS);
    bool const there = parent.subkeys.contains(folded(name));
    expect(disposition == (there ? REG_OPENED_EXISTING_KEY : REG_CREATED_NEW_KEY));
    if (there) return expect(ZwClose(handle) == STATUS_SUCCESS);
    keys_.push_back(std::make_unique<Key>());
    Key& key = *keys_.back();
    key.handle = handle;
    key.parent = &parent;
    key.name = name;
    parent.subkeys[folded(name)] = &key;
  }

  void remove(std::size_t at) {
    Key& key = *keys_[at];
    NTSTATUS const status = ZwDeleteKey(key.handle);
    if (key.deleted) return expect(status == STATUS_KEY_DELETED);
    if (!key.subkeys.empty()) return expect(status == STATUS_CANNOT_DELETE);
    expect(status == STATUS_SUCCESS);
    key.deleted = true;
    key.parent->subkeys.erase(folded(key.name));
  }

  void find(std::size_t at, std::u16string const& name) {
    Key const& parent = *keys_[at];
    HANDLE handle = nullptr;
    NTSTATUS const status = open(parent.handle, name, handle);
    if (parent.deleted) return expect(status == STATUS_KEY_DELETED);
    bool const there = parent.subkeys.contains(folded(name));
    expect(status == (there ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND));
    if (there) expect(ZwClose(handle) == STATUS_SUCCESS);
  }

  auto value_of(Key& key, std::u16string const& name) {
    return std::find_if(key.values.begin(), key.values.end(),
                        [&](auto const& value) { return folded(value.first) == folded(name); });
  }

  void set(std::size_t at, std::u16string const& name, ULONG number) {
    Key& key = *keys_[at];
    UNICODE_STRING text = view(name);
    NTSTATUS const status = ZwSetValueKey(key.handle, &text, 0, REG_DWORD, &number, sizeof number);
    if (key.deleted) return expect(status == STATUS_KEY_DELETED);
    expect(status == STATUS_SUCCESS);
    if (auto const value = value_of(key, name); value != key.values.end())
      value->second = number;
    else
      key.values.emplace_back(name, number);
  }

  void remove_value(std::size_t at, std::u16string const& name) {
    Key& key = *keys_[at];
    UNICODE_STRING text = view(name);
    NTSTATUS const status = ZwDeleteValueKey(key.handle, &text);
    if (key.deleted) return expect(status == STATUS_KEY_DELETED);
    auto const value = value_of(key, name);
    expect(status == (value != key.values.end() ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND));
    if (value != key.values.end()) key.values.erase(value);
  }

  void compare(Key const& key) {
    alignas(8) UCHAR buffer[64];
    ULONG needed = 0, index = 0;
    NTSTATUS const first =
        ZwEnumerateKey(key.handle, 0, KeyBasicInformation, buffer, sizeof buffer, &needed);
    if (key.deleted) return expect(first == STATUS_KEY_DELETED);
    for (auto const& subkey : key.subkeys) {
      expect(ZwEnumerateKey(key.handle, index++, KeyBasicInformation, buffer, sizeof buffer,
                            &needed) == STATUS_SUCCESS);
      auto const& found = *reinterpret_cast<KEY_BASIC_INFORMATION*>(buffer);
      expect(std::u16string(found.Name, found.NameLength / 2) == subkey.second->name);
    }
    expect(ZwEnumerateKey(key.handle, index, KeyBasicInformation, buffer, sizeof buffer, &needed) ==
           STATUS_NO_MORE_ENTRIES);
    for (index = 0; index < key.values.size(); ++index) {
      expect(ZwEnumerateValueKey(key.handle, index, KeyValueFullInformation, buffer, sizeof buffer,
                                 &needed) == STATUS_SUCCESS);
      auto const& found = *reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer);
      expect(std::u16string(found.Name, found.NameLength / 2) == key.values[index].first);
      expect(*reinterpret_cast<ULONG*>(buffer + found.DataOffset) == key.values[index].second);
    }
    expect(ZwEnumerateValueKey(key.handle, index, KeyValueFullInformation, buffer, sizeof buffer,
                               &needed) == STATUS_NO_MORE_ENTRIES);
  }

  std::vector<std::unique_ptr<Key>> keys_;
  std::size_t root_ = 0;
  bool holds_ = true;
};

}  // namespace

TEST_CASE("registry: it is what its model is", "[cm]") {
  CHECK(rc::check([] {
    auto const randoms =
        *rc::gen::container<std::vector<std::uint64_t>>(300, rc::gen::arbitrary<std::uint64_t>());
    bool held = false;
    System system;
    system.run([&] {
      Model model;
      for (std::uint64_t const random : randoms) model.operate(random);
      model.finish();
      held = model.holds();
    });
    RC_ASSERT(held);
  }));
}
