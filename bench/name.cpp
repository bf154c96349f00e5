// An object referenced by a name of three components, whatever their case, and dereferenced.
#include <absl/container/flat_hash_map.h>
#include <fcntl.h>
#include <nt/ntddk.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"
#include "floor/lock.hpp"

namespace mica::bench {
namespace {

using Path = std::u16string_view;

constexpr unsigned disks = 200;
constexpr unsigned partitions = 4;
constexpr Path paths[] = {u"\\Bench\\Harddisk0\\Partition1", u"\\BENCH\\harddisk17\\PARTITION2",
                          u"\\Bench\\Harddisk99\\Partition0", u"\\bench\\HardDisk5\\Partition3"};

std::u16string numbered(Path name, unsigned number) {
  std::u16string text{name};
  for (char const digit : std::to_string(number)) text += static_cast<char16_t>(digit);
  return text;
}

UNICODE_STRING view_of(Path path) noexcept {
  auto const bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(path.data())};
}

void make_directory(Path path) {
  UNICODE_STRING name = view_of(path);
  OBJECT_ATTRIBUTES attributes;
  HANDLE handle = nullptr;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, nullptr,
                             nullptr);
  if (NT_SUCCESS(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes)))
    ZwClose(handle);
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    make_directory(u"\\Bench");
    for (unsigned disk = 0; disk < disks; ++disk) {
      std::u16string const path = numbered(u"\\Bench\\Harddisk", disk);
      make_directory(path);
      for (unsigned i = 0; i < partitions; ++i) make_directory(path + numbered(u"\\Partition", i));
    }
    unsigned next = 0;
    for (auto _ : state) {
      UNICODE_STRING name = view_of(paths[next++ % std::size(paths)]);
      PVOID object = nullptr;
      ObReferenceObjectByName(&name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr, KernelMode, nullptr,
                              &object);
      if (object == nullptr) return state.SkipWithError("a name was not found");
      ObDereferenceObject(object);
    }
  });
}
BENCHMARK(ours)->Name("name/ours");

struct Object {
  std::atomic<std::int64_t> references{1};
};

// Upper case of four ASCII characters at once.
std::uint64_t upper(std::uint64_t chunk) noexcept {
  constexpr auto lanes = [](std::uint64_t value) { return value * 0x0001'0001'0001'0001; };
  std::uint64_t const from_a = chunk + lanes(0x80 - 'a');
  std::uint64_t const past_z = chunk + lanes(0x80 - ('z' + 1));
  return chunk ^ ((from_a & ~past_z & lanes(0x80)) >> 2);
}

// One probe of a table of whole paths: hashed and compared once, in general registers as a kernel
// must; a lock, a reference and a dereference.
class Cache {
 public:
  void enter(Path path, Object& object) {
    Entry& entry = entries_[slot_of(path)];
    entry.chars = path.size();
    for (std::size_t i = 0; i < path.size(); i += 4) entry.text[i / 4] = upper(chunk_at(path, i));
    entry.object = &object;
  }
  [[gnu::noinline]] Object* reference(Path path) noexcept {
    std::size_t const slot = slot_of(path);
    lock_.lock();
    Entry const& entry = entries_[slot];
    bool same = entry.chars == path.size();
    for (std::size_t i = 0; same && i < path.size(); i += 4)
      same = entry.text[i / 4] == upper(chunk_at(path, i));
    if (same) entry.object->references.fetch_add(1, std::memory_order_relaxed);
    lock_.unlock();
    return same ? entry.object : nullptr;
  }

 private:
  struct Entry {
    std::size_t chars;
    std::uint64_t text[16];
    Object* object;
  };
  // The last four characters stand in for a rest shorter than that.
  static std::uint64_t chunk_at(Path path, std::size_t index) noexcept {
    std::uint64_t chunk;
    std::memcpy(&chunk, path.data() + std::min(index, path.size() - 4), sizeof chunk);
    return chunk;
  }
  static std::size_t slot_of(Path path) noexcept {
    std::uint64_t hash = path.size();
    for (std::size_t i = 0; i < path.size(); i += 4)
      hash = (hash ^ upper(chunk_at(path, i))) * 0x9E37'79B9'7F4A'7C15;
    return hash >> 52;
  }
  floor::Lock lock_;
  std::vector<Entry> entries_{4096};
};

void lowest(benchmark::State& state) {
  Cache cache;
  std::vector<Object> objects(std::size(paths));
  for (std::size_t i = 0; i < objects.size(); ++i) cache.enter(paths[i], objects[i]);
  unsigned next = 0;
  for (auto _ : state) {
    Object* const object = cache.reference(paths[next++ % std::size(paths)]);
    if (object == nullptr) return state.SkipWithError("a name was not found");
    object->references.fetch_sub(1, std::memory_order_acq_rel);
  }
}
BENCHMARK(lowest)->Name("name/floor");

char16_t upper_character(char16_t character) noexcept {
  return character >= u'a' && character <= u'z' ? static_cast<char16_t>(character - 32) : character;
}
struct Hash {
  using is_transparent = void;
  std::size_t operator()(Path text) const noexcept {
    std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
    for (char16_t const character : text)
      hash = (hash ^ upper_character(character)) * 0x100'0000'01B3;
    return hash;
  }
};
struct Same {
  using is_transparent = void;
  bool operator()(Path one, Path other) const noexcept {
    if (one.size() != other.size()) return false;
    for (std::size_t i = 0; i < one.size(); ++i)
      if (upper_character(one[i]) != upper_character(other[i])) return false;
    return true;
  }
};
struct Directory : Object {
  std::shared_mutex mutex;
  absl::flat_hash_map<std::u16string, std::unique_ptr<Directory>, Hash, Same> entries;

  Directory& make(Path name) {
    auto& entry = entries[std::u16string{name}];
    if (!entry) entry = std::make_unique<Directory>();
    return *entry;
  }
};

// Each directory a map with a lock of its own; the one that is walked is referenced.
Directory* walk(Directory& root, Path path) {
  Directory* directory = &root;
  for (std::size_t begin = 1; begin <= path.size();) {
    std::size_t const end = std::min(path.find(u'\\', begin), path.size());
    Directory* found = nullptr;
    {
      std::shared_lock const guard{directory->mutex};
      auto const entry = directory->entries.find(path.substr(begin, end - begin));
      if (entry != directory->entries.end()) found = entry->second.get();
      if (found != nullptr) found->references.fetch_add(1, std::memory_order_relaxed);
    }
    if (directory != &root) directory->references.fetch_sub(1, std::memory_order_acq_rel);
    if (found == nullptr) return nullptr;
    directory = found;
    begin = end + 1;
  }
  return directory;
}

void nested_maps(benchmark::State& state) {
  Directory root;
  Directory& bench = root.make(u"Bench");
  for (unsigned disk = 0; disk < disks; ++disk)
    for (unsigned i = 0; i < partitions; ++i)
      bench.make(numbered(u"Harddisk", disk)).make(numbered(u"Partition", i));
  unsigned next = 0;
  for (auto _ : state) {
    Directory* const found = walk(root, paths[next++ % std::size(paths)]);
    if (found == nullptr) return state.SkipWithError("a name was not found");
    found->references.fetch_sub(1, std::memory_order_acq_rel);
  }
}
BENCHMARK(nested_maps)->Name("name/peer:absl maps with locks");

void open_and_close(benchmark::State& state) {
  char root[] = "/dev/shm/mica-bench-XXXXXX";
  if (mkdtemp(root) == nullptr) return state.SkipWithError("no directory in /dev/shm");
  int const base = open(root, O_PATH | O_DIRECTORY);
  mkdirat(base, "Bench", 0700);
  mkdirat(base, "Bench/Harddisk0", 0700);
  close(openat(base, "Bench/Harddisk0/Partition1", O_CREAT | O_RDWR, 0600));
  for (auto _ : state) close(openat(base, "Bench/Harddisk0/Partition1", O_RDONLY));
  unlinkat(base, "Bench/Harddisk0/Partition1", 0);
  unlinkat(base, "Bench/Harddisk0", AT_REMOVEDIR);
  unlinkat(base, "Bench", AT_REMOVEDIR);
  close(base);
  rmdir(root);
}
BENCHMARK(open_and_close)->Name("name/peer:openat + close");

}  // namespace
}  // namespace mica::bench
