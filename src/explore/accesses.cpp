// What the explored objects call for plain and volatile accesses and to move blocks of memory.
//   The block operations are those of the C library: bind.sh gives them these names. Memory whose
//   owner changes is forgotten (mm/poison.hpp).
#include <cstring>

#include "explore/dependence.hpp"
#include "explore/detector.hpp"
#include "explore/memory.hpp"
#include "explore/recorder.hpp"
#include "explore/snapshot.hpp"

namespace mica::explore {
namespace {

inline void access(void const volatile* address, std::size_t bytes, AccessKind kind) {
  if (Recorder* const recorder = Recorder::watching()) recorder->plain(address, bytes, kind);
  tell_listener(address, bytes, kind);
  if (kind.writes) tell_snapshot(address, bytes);
  if (Memory* const memory = Memory::watching()) [[unlikely]]
    memory->accessed(address, bytes, kind.writes, kind.atomic);
  if (Detector* const detector = Detector::watching()) detector->access(address, bytes, kind);
}

constexpr AccessKind plain_read{.writes = false, .atomic = false};
constexpr AccessKind plain_write{.writes = true, .atomic = false};
constexpr AccessKind volatile_read{.writes = false, .atomic = true};
constexpr AccessKind volatile_write{.writes = true, .atomic = true};

}  // namespace
}  // namespace mica::explore

using namespace mica::explore;

#define MICA_ACCESS(prefix, bytes, reads, writes)     \
  void __tsan_##prefix##read##bytes(void* address) {  \
    access(address, bytes, reads);                    \
  }                                                   \
  void __tsan_##prefix##write##bytes(void* address) { \
    access(address, bytes, writes);                   \
  }

#define MICA_ACCESSES(bytes)                                             \
  MICA_ACCESS(, bytes, plain_read, plain_write)                          \
  MICA_ACCESS(unaligned_, bytes, plain_read, plain_write)                \
  MICA_ACCESS(volatile_, bytes, volatile_read, volatile_write)           \
  MICA_ACCESS(unaligned_volatile_, bytes, volatile_read, volatile_write) \
  void __tsan_read_write##bytes(void* address) {                         \
    access(address, bytes, plain_write);                                 \
  }                                                                      \
  void __tsan_unaligned_read_write##bytes(void* address) {               \
    access(address, bytes, plain_write);                                 \
  }

extern "C" {
MICA_ACCESSES(1)
MICA_ACCESSES(2)
MICA_ACCESSES(4)
MICA_ACCESSES(8)
MICA_ACCESSES(16)
void __tsan_read_range(void* address, std::size_t bytes) {
  access(address, bytes, plain_read);
}
void __tsan_write_range(void* address, std::size_t bytes) {
  access(address, bytes, plain_write);
}
void __tsan_vptr_read(void** address) {
  access(address, sizeof *address, plain_read);
}
void __tsan_vptr_update(void** address, void*) {
  access(address, sizeof *address, plain_write);
}

void mica_explored_forget(void const* address, std::size_t bytes) {
  auto const from = reinterpret_cast<std::uintptr_t>(address);
  if (Detector* const detector = Detector::watching()) detector->forget(from, from + bytes);
  if (Memory* const memory = Memory::watching()) memory->forget(from, from + bytes);
}

void* mica_explored_memset(void* to, int value, std::size_t bytes) {
  access(to, bytes, plain_write);
  return std::memset(to, value, bytes);
}
void* mica_explored_memcpy(void* to, void const* from, std::size_t bytes) {
  access(from, bytes, plain_read);
  access(to, bytes, plain_write);
  return std::memcpy(to, from, bytes);
}
void* mica_explored_memmove(void* to, void const* from, std::size_t bytes) {
  access(from, bytes, plain_read);
  access(to, bytes, plain_write);
  return std::memmove(to, from, bytes);
}
int mica_explored_memcmp(void const* one, void const* other, std::size_t bytes) {
  access(one, bytes, plain_read);
  access(other, bytes, plain_read);
  return std::memcmp(one, other, bytes);
}
}
