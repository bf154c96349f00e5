// A handle's object referenced and dereferenced, 4096 handles in no order.
#include <absl/container/flat_hash_map.h>
#include <fcntl.h>
#include <nt/ntddk.h>
#include <tbb/concurrent_hash_map.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "bench.hpp"

namespace mica::bench {
namespace {

constexpr std::size_t handle_count = 4096;

// Which handle comes next; the same cost for everybody.
std::size_t next_index(Random& random) noexcept {
  return (random() >> 20) % handle_count;
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    std::vector<HANDLE> handles(handle_count);
    for (HANDLE& handle : handles) {
      OBJECT_ATTRIBUTES attributes;
      InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
      NTSTATUS const made = ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
      if (!NT_SUCCESS(made)) return state.SkipWithError("no directory object");
    }
    Random random;
    for (auto _ : state) {
      PVOID object;
      ObReferenceObjectByHandle(handles[next_index(random)], DIRECTORY_QUERY, nullptr, KernelMode,
                                &object, nullptr);
      ObDereferenceObject(object);
    }
    for (HANDLE const handle : handles) ZwClose(handle);
  });
}
BENCHMARK(ours)->Name("handle/ours");

struct Object {
  std::atomic<std::int64_t> references{1};
  std::uint32_t type = 7;
  char body[48] = {};
};

void dereference(Object& object) noexcept {
  if (object.references.fetch_sub(1, std::memory_order_acq_rel) == 1) __builtin_trap();
}

// Handles are 4 * (1 + index).
template <class Table>
void look_up(benchmark::State& state) {
  std::vector<Object> objects(handle_count);
  Table table{objects};
  Random random;
  for (auto _ : state) {
    Object* const object = table.reference(4 * (1 + next_index(random)));
    if (object == nullptr || object->type != 7) __builtin_trap();
    dereference(*object);
  }
}

// A radix tree of three levels; access and type are looked at; one locked operation a reference.
class Radix {
 public:
  explicit Radix(std::vector<Object>& objects) {
    root_[0] = &middle_;
    for (std::size_t i = 0; i < leaves_.size(); ++i) middle_.leaves[i] = &leaves_[i];
    for (std::size_t i = 0; i < objects.size(); ++i)
      leaves_[(i + 1) / 256].entries[(i + 1) % 256] = {&objects[i], 0x1F'0FFF};
  }
  [[gnu::noinline]] Object* reference(std::size_t handle) noexcept {
    std::size_t const slot = handle / 4;
    Middle* const middle = root_[slot >> 16 & 255].load(std::memory_order_acquire);
    if (middle == nullptr) return nullptr;
    Leaf* const leaf = middle->leaves[slot >> 8 & 255].load(std::memory_order_acquire);
    if (leaf == nullptr) return nullptr;
    Entry const& entry = leaf->entries[slot & 255];
    if (entry.object == nullptr || (entry.access & 1) == 0) return nullptr;
    entry.object->references.fetch_add(1, std::memory_order_relaxed);
    return entry.object;
  }

 private:
  struct Entry {
    Object* object;
    std::uint32_t access;
  };
  struct Leaf {
    Entry entries[256] = {};
  };
  struct Middle {
    std::atomic<Leaf*> leaves[256] = {};
  };
  std::atomic<Middle*> root_[256] = {};
  Middle middle_;
  std::vector<Leaf> leaves_{handle_count / 256 + 1};
};
BENCHMARK(look_up<Radix>)->Name("handle/floor");

template <class Map, class Mutex, template <class> class Guard>
class Locked {
 public:
  explicit Locked(std::vector<Object>& objects) {
    for (std::size_t i = 0; i < objects.size(); ++i) map_[4 * (1 + i)] = &objects[i];
  }
  [[gnu::noinline]] Object* reference(std::size_t handle) {
    Guard<Mutex> const guard{mutex_};
    auto const found = map_.find(handle);
    if (found == map_.end()) return nullptr;
    found->second->references.fetch_add(1, std::memory_order_relaxed);
    return found->second;
  }

 private:
  Map map_;
  Mutex mutex_;
};
using Standard = Locked<std::unordered_map<std::size_t, Object*>, std::mutex, std::unique_lock>;
using Abseil =
    Locked<absl::flat_hash_map<std::size_t, Object*>, std::shared_mutex, std::shared_lock>;
BENCHMARK(look_up<Standard>)->Name("handle/peer:unordered_map + mutex");
BENCHMARK(look_up<Abseil>)->Name("handle/peer:absl + shared_mutex");

class Threading {
 public:
  explicit Threading(std::vector<Object>& objects) {
    for (std::size_t i = 0; i < objects.size(); ++i) map_.insert({4 * (1 + i), &objects[i]});
  }
  [[gnu::noinline]] Object* reference(std::size_t handle) {
    Map::const_accessor found;
    if (!map_.find(found, handle)) return nullptr;
    found->second->references.fetch_add(1, std::memory_order_relaxed);
    return found->second;
  }

 private:
  using Map = tbb::concurrent_hash_map<std::size_t, Object*>;
  Map map_;
};
BENCHMARK(look_up<Threading>)->Name("handle/peer:tbb");

void descriptor(benchmark::State& state) {
  int const file = open("/dev/null", O_RDONLY);
  for (auto _ : state) benchmark::DoNotOptimize(fcntl(file, F_GETFD));
  close(file);
}
BENCHMARK(descriptor)->Name("handle/peer:fcntl");

}  // namespace
}  // namespace mica::bench
