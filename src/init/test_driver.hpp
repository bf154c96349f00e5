// Cases in a Windows driver: the shared test header across the ABI. Such a driver imports NT's
// names as any other. What it cannot have from them it is given when it comes: its DriverEntry
// notifies the callback object \Callback\MicaTest, with its DriverCases, and where a pointer to
// TestServices goes. Nothing of this is exported.
//   Both sides include this header: what it says knows neither machine nor compiler.
#pragma once

#include <nt/ob.h>
#include <mica/test.hpp>

#include "init/test_inside.hpp"
#include "ob/type.hpp"

namespace mica::init {

struct DriverCase {  // a test::Case, as the driver's compiler has it
  char const* name;
  char const* file;
  int line;
  void(NTAPI* body)();
};

// Valid while the driver is loaded.
struct DriverCases {
  DriverCase const* const* begin;
  DriverCase const* const* end;
};

using DriverBody = void(NTAPI*)(void* argument);

// What the shared test header says of each. Objects of its classes are made where the pointers say,
// and have one layout on both sides.
struct TestServices {
  void(NTAPI* record)(bool holds, char const* expression, char const* file, int line);
  void(NTAPI* abandon)();
  void(NTAPI* until_waiting)(PKTHREAD thread);
  void(NTAPI* bugcheck_of)(DriverBody body, void* argument, test::Bugcheck* taken);
  void(NTAPI* interrupt)(ULONG processor, UCHAR vector);
  void(NTAPI* make_special_pool)(test::SpecialPool* pool, ULONG tag,
                                 test::SpecialPool::Align align);
  void(NTAPI* end_special_pool)(test::SpecialPool* pool);
  void(NTAPI* make_image)(test::Image* image, void* base, ULONG64 bytes, ULONG64 functions,
                          ULONG64 functions_bytes);
  void(NTAPI* end_image)(test::Image* image);
  void*(NTAPI* image_stub)(test::Image* image, void const* routine);
  void(NTAPI* make_detection)(test::DeadlockDetection* detection);
  void(NTAPI* end_detection)(test::DeadlockDetection* detection);
  void(NTAPI* make_verified)(test::Verified* verified, bool on);
  void(NTAPI* end_verified)(test::Verified* verified);
  // init/test_inside.hpp
  NTSTATUS(NTAPI* add_device)(std::string_view text);
  NTSTATUS(NTAPI* remove_device)(std::string_view name);
  NTSTATUS(NTAPI* lose_device)(std::string_view name);
  NTSTATUS(NTAPI* forget_children)(std::string_view identifier);
  void(NTAPI* set_previous_mode)(KPROCESSOR_MODE mode);
  ULONG64(NTAPI* live_blocks)(ULONG tag);
  // Of the executive, by their own names.
  NTSTATUS(NTAPI* create_type)(ob::TypeOptions const& options, POBJECT_TYPE* type);
  NTSTATUS(NTAPI* set_handle_attributes)(HANDLE handle, ULONG attributes);
  ULONG(NTAPI* shut_down)();
};

inline constexpr WCHAR test_callback_name[] = {'\\', 'C', 'a', 'l', 'l', 'b', 'a', 'c', 'k', '\\',
                                               'M',  'i', 'c', 'a', 'T', 'e', 's', 't', 0};

// Makes the callback object, for the rest of the System's life. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS offer_test_services() noexcept;

}  // namespace mica::init
