// Directories: hash tables of names without regard to case, which is the system default for every
// object ("System objects: Require case insensitivity for non-Windows subsystems", on).
//                                                                          [MSDN OBJECT_ATTRIBUTES]
//   One lock guards the whole namespace, so a path is walked under a single acquire. IRQL <=
//   DISPATCH_LEVEL; nothing called under the lock blocks or ends an object: references that a
//   removal gives back are dropped after it.
#pragma once

#include "ke/spin_lock.hpp"
#include "ob/header.hpp"

namespace mica::ob {

struct Directory {
  static constexpr ULONG own_buckets = 16;
  Name** buckets;  // own[], or from the pool: a power of two
  ULONG bucket_count;
  ULONG count;
  Name* own[own_buckets];
};

struct Namespace {
  ke::SpinLock<ke::Rank::ob_directory> lock;
  Directory* root;
};

void NTAPI initialize_directory(Directory& directory) noexcept;
void NTAPI destroy_directory(Directory& directory) noexcept;

// The same for names that differ in case only.
[[nodiscard]] ULONG NTAPI hash_of(UNICODE_STRING const& component) noexcept;
[[nodiscard]] bool NTAPI same_name(UNICODE_STRING const& left,
                                   UNICODE_STRING const& right) noexcept;

[[nodiscard]] Name* NTAPI find(Namespace& names, Directory const& directory,
                               UNICODE_STRING const& component, ULONG hash) noexcept
    MICA_REQUIRES(names.lock);

// Enters `name`, whose component and hash are set and which is not there yet. The directory and the
// object each gain a reference.
void NTAPI enter(Namespace& names, Directory& directory, Name& name) noexcept
    MICA_REQUIRES(names.lock);

// Calls `visit` for every entry of `directory` and of those below it, depth first; `depth` is 0 for
// the first ones. `visit` must not block or change the namespace.
using Visit = void(NTAPI*)(Name const& name, ULONG depth) noexcept;
void NTAPI walk(Namespace& names, Directory const& directory, Visit visit, ULONG depth = 0) noexcept
    MICA_REQUIRES(names.lock);

// Takes the object's name out of its directory if it has no handle and is not permanent, which
// `make_temporary` ends first. The object must be referenced. IRQL <= DISPATCH_LEVEL.
void NTAPI release_name(Header& header, bool make_temporary) noexcept;

}  // namespace mica::ob
