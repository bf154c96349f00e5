#include "ob/directory.hpp"

#include <cstring>
#include <span>

#include <nt/rtl.h>

#include "ob/state.hpp"

namespace mica::ob {
namespace {

constexpr ULONG chunk_chars = 4;

constexpr std::uint64_t in_each_lane(std::uint64_t value) {
  return value * 0x0001'0001'0001'0001;
}

// Apart, and NTAPI: a call out of that convention would make hash_of and same_name save the vector
// registers.
[[gnu::noinline]] std::uint64_t NTAPI upper_by_table(std::uint64_t chunk) noexcept {
  WCHAR text[chunk_chars];
  std::memcpy(text, &chunk, sizeof text);
  for (WCHAR& character : text) character = RtlUpcaseUnicodeChar(character);
  std::memcpy(&chunk, text, sizeof text);
  return chunk;
}

// Upper case of four characters at once: ASCII by arithmetic in each 16-bit lane, the rest by the
// table.
[[gnu::always_inline]] inline std::uint64_t upper(std::uint64_t chunk) noexcept {
  if ((chunk & in_each_lane(0xFF80)) == 0) {
    std::uint64_t const from_a = chunk + in_each_lane(0x80 - 'a');
    std::uint64_t const past_z = chunk + in_each_lane(0x80 - ('z' + 1));
    std::uint64_t const letters = from_a & ~past_z & in_each_lane(0x80);
    return chunk ^ (letters >> 2);
  }
  return upper_by_table(chunk);
}

// The characters from `index` on, up to four, padded with zeros.
[[gnu::always_inline]] inline std::uint64_t chunk_at(UNICODE_STRING const& text,
                                                     ULONG index) noexcept {
  std::uint64_t chunk = 0;
  ULONG const chars = text.Length / sizeof(WCHAR);
  ULONG const left = chars - index;
  if (left >= chunk_chars) {
    std::memcpy(&chunk, text.Buffer + index, sizeof chunk);
  } else if (chars >= chunk_chars) {
    std::memcpy(&chunk, text.Buffer + chars - chunk_chars, sizeof chunk);
    chunk >>= 16 * (chunk_chars - left);
  } else {
    for (ULONG i = 0; i < left; ++i)
      chunk |= std::uint64_t{static_cast<std::uint16_t>(text.Buffer[index + i])} << (16 * i);
  }
  return chunk;
}

Name** bucket_of(Directory const& directory, ULONG hash) noexcept {
  return &directory.buckets[hash & (directory.bucket_count - 1)];
}

// Doubles the buckets; without memory the chains just grow longer.
void widen(Directory& directory) noexcept {
  ULONG const count = directory.bucket_count * 2;
  auto** const wider = static_cast<Name**>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(Name*), tag_directory));
  if (wider == nullptr) return;
  Name** const old = directory.buckets;
  ULONG const old_count = directory.bucket_count;
  directory.buckets = wider;
  directory.bucket_count = count;
  for (ULONG i = 0; i < old_count; ++i) {
    while (Name* const name = old[i]) {
      old[i] = name->next;
      Name** const bucket = bucket_of(directory, name->hash);
      name->next = *bucket;
      *bucket = name;
    }
  }
  if (old != directory.own) ExFreePoolWithTag(old, tag_directory);
}

}  // namespace

void NTAPI initialize_directory(Directory& directory) noexcept {
  directory.buckets = directory.own;
  directory.bucket_count = Directory::own_buckets;
}

void NTAPI destroy_directory(Directory& directory) noexcept {
  if (directory.buckets != directory.own) ExFreePoolWithTag(directory.buckets, tag_directory);
}

ULONG NTAPI hash_of(UNICODE_STRING const& component) noexcept {
  std::uint64_t hash = component.Length;
  for (ULONG index = 0; index < component.Length / sizeof(WCHAR); index += chunk_chars) {
    hash = (hash ^ upper(chunk_at(component, index))) * 0x9E37'79B9'7F4A'7C15;
    hash ^= hash >> 32;
  }
  return static_cast<ULONG>(hash);
}

bool NTAPI same_name(UNICODE_STRING const& left, UNICODE_STRING const& right) noexcept {
  if (left.Length != right.Length) return false;
  for (ULONG index = 0; index < left.Length / sizeof(WCHAR); index += chunk_chars) {
    std::uint64_t const one = chunk_at(left, index);
    std::uint64_t const other = chunk_at(right, index);
    if (one != other && upper(one) != upper(other)) return false;
  }
  return true;
}

Name* NTAPI find(Namespace&, Directory const& directory, UNICODE_STRING const& component,
                 ULONG hash) noexcept {
  Name* name = *bucket_of(directory, hash);
  while (name != nullptr && (name->hash != hash || !same_name(name->component, component)))
    name = name->next;
  return name;
}

void NTAPI enter(Namespace&, Directory& directory, Name& name) noexcept {
  if (directory.count >= directory.bucket_count) widen(directory);
  Name** const bucket = bucket_of(directory, name.hash);
  name.next = *bucket;
  *bucket = &name;
  name.directory = &directory;
  ++directory.count;
  reference(header_of(&directory));
  reference(*name.object);
}

void NTAPI walk(Namespace& names, Directory const& directory, Visit visit, ULONG depth) noexcept {
  constexpr ULONG deepest = 32;  // it recurses, on a kernel stack
  for (Name const* first : std::span{directory.buckets, directory.bucket_count}) {
    for (Name const* name = first; name != nullptr; name = name->next) {
      visit(*name, depth);
      if (name->object->type == state().directory_type && depth < deepest)
        walk(names, *static_cast<Directory*>(name->object->body()), visit, depth + 1);
    }
  }
}

void NTAPI release_name(Header& header, bool make_temporary) noexcept {
  Name* const name = header.name;
  if (name == nullptr) {
    if (make_temporary)
      header.attributes.fetch_and(~ULONG{OBJ_PERMANENT}, std::memory_order_relaxed);
    return;
  }
  Directory* directory = nullptr;
  {
    ke::SpinGuard guard{state().names.lock};
    if (make_temporary)
      header.attributes.fetch_and(~ULONG{OBJ_PERMANENT}, std::memory_order_relaxed);
    bool const permanent = (header.attributes.load(std::memory_order_relaxed) & OBJ_PERMANENT) != 0;
    if (name->directory == nullptr || permanent ||
        header.handles.load(std::memory_order_relaxed) != 0)
      return;
    directory = name->directory;
    Name** link = bucket_of(*directory, name->hash);
    while (*link != name) link = &(*link)->next;
    *link = name->next;
    name->directory = nullptr;
    --directory->count;
  }
  dereference(header_of(directory));
  dereference(header);
}

}  // namespace mica::ob
