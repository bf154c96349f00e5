// Object types: what all objects of one kind share.
//   A type is itself an object of the type "Type", named \ObjectTypes\<name>. Types are made at
//   start and live as long as the System, or until their maker ends them with ObMakeTemporaryObject
//   and ObDereferenceObject. Procedures are called at PASSIVE_LEVEL with no lock of ob held. [WI7
//   p1 ch3, "Object types"]
#pragma once

#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/ob.h>

#include "base/types.hpp"

namespace mica::ob {

// A pool tag, in the order its letters stand in memory.
[[nodiscard]] consteval ULONG pool_tag(char const (&letters)[5]) noexcept {
  ULONG tag = 0;
  for (int i = 3; i >= 0; --i) tag = tag << 8 | static_cast<unsigned char>(letters[i]);
  return tag;
}

// What a parse procedure is asked: an object by name below (or at) the object that was reached.
struct ParseRequest {
  // In: the path below the object, without a leading backslash; may be empty.
  UNICODE_STRING remaining;
  bool separated;       // in: there was such a backslash
  POBJECT_TYPE wanted;  // in: the type the caller will accept, or null
  ACCESS_MASK access;   // in: what is asked for; out: what is granted
  ULONG attributes;
  KPROCESSOR_MODE mode;
  void* context;  // in: what the opener handed down (io's open packet)
  // Out, with STATUS_REPARSE: the path to start again with, from the pool (tag_name).
  UNICODE_STRING replacement;
};

struct TypeProcedures {
  // The last reference is gone: releases what the body holds; the memory is freed after it.
  void(NTAPI* remove)(void* object);
  // A handle was closed; `handles_before` counts it. Later than the handle's last use, before its
  // reference is dropped.
  void(NTAPI* close)(void* object, ULONG handles_before);
  // STATUS_SUCCESS with a referenced *found of the type that is wanted, STATUS_REPARSE with a
  // replacement, or an error.
  NTSTATUS(NTAPI* parse)(void* object, ParseRequest& request, void** found);
  // What an object's name has beyond its place in the namespace (a file's path on its device).
  // Returns how many bytes there are; `bytes` is 0, or all of them: then it writes them.
  ULONG(NTAPI* name_suffix)(void* object, WCHAR* buffer, ULONG bytes);
  // The object whose place in the namespace names this one (a file's device); null means the object
  // itself.
  void*(NTAPI* name_owner)(void* object);
  // Where the object's security descriptor is kept: null without such a procedure, or if it says
  // so: the object has none, and gets none.
  PSECURITY_DESCRIPTOR*(NTAPI* descriptor)(void* object);
};

inline constexpr LONG not_waitable = -1;

struct TypeOptions {
  char16_t const* name;
  TypeProcedures procedures;
  GENERIC_MAPPING mapping;
  ACCESS_MASK valid_access;
  ULONG tag;  // pool tag of its objects
  // Where in a body the dispatcher object stands that who waits by handle waits for (wait.hpp).
  LONG dispatcher_offset = not_waitable;
  // What callbacks on handles may take of a handle's rights (callback.hpp); 0: there are none.
  ACCESS_MASK removable_access = 0;
};

// Makes a type; the caller owns one reference. STATUS_OBJECT_NAME_COLLISION,
// STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI create_type(TypeOptions const& options, POBJECT_TYPE* type) noexcept;

// Generic rights become the type's own; MAXIMUM_ALLOWED becomes all of them.
[[nodiscard]] ACCESS_MASK NTAPI map_access(POBJECT_TYPE type, ACCESS_MASK desired) noexcept;

inline constexpr ULONG tag_name = pool_tag("ObNm");
inline constexpr ULONG tag_directory = pool_tag("ObDi");
inline constexpr ULONG tag_handles = pool_tag("ObHa");
inline constexpr ULONG tag_callback = pool_tag("ObCb");
inline constexpr ULONG tag_security = pool_tag("ObSe");
inline constexpr ULONG tag_wait_blocks = pool_tag("ObWm");

}  // namespace mica::ob

struct _OBJECT_TYPE {
  mica::ob::TypeProcedures procedures;
  GENERIC_MAPPING mapping;
  ACCESS_MASK valid_access;
  ULONG tag;
  LONG dispatcher_offset = mica::ob::not_waitable;
  ACCESS_MASK removable_access = 0;
};
