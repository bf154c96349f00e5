#include "allocators.hpp"

#include <dlfcn.h>
#include <nt/ntddk.h>
#include <oneapi/tbb/scalable_allocator.h>

#include <cstdlib>

namespace mica::bench {

Allocator ours() noexcept {
  return {[](std::size_t bytes) { return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, pool_tag); },
          [](void* memory) { ExFreePoolWithTag(memory, pool_tag); }};
}

Allocator tagged_floor() noexcept {
  static floor::TaggedPool pool;
  return {[](std::size_t bytes) { return pool.allocate(bytes, pool_tag); },
          [](void* memory) { pool.release(memory, pool_tag); }};
}

std::vector<std::pair<std::string, Allocator>> peers() {
  std::vector<std::pair<std::string, Allocator>> found{{"glibc", {std::malloc, std::free}},
                                                       {"tbb", {scalable_malloc, scalable_free}}};
  struct Library {
    char const *name, *file, *allocate, *release;
  };
  constexpr Library libraries[] = {
      {"jemalloc", "libjemalloc.so.2", "malloc", "free"},
      {"mimalloc", "libmimalloc.so.2", "mi_malloc", "mi_free"},
      {"tcmalloc", "libtcmalloc_minimal.so.4", "tc_malloc", "tc_free"}};
  for (Library const& library : libraries) {
    void* const handle = dlopen(library.file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (handle == nullptr) continue;
    found.push_back({library.name,
                     {reinterpret_cast<void* (*)(std::size_t)>(dlsym(handle, library.allocate)),
                      reinterpret_cast<void (*)(void*)>(dlsym(handle, library.release))}});
  }
  return found;
}

}  // namespace mica::bench
