#include <nt/io/constants.h>

#include <algorithm>
#include <iterator>

#include "trace/signature.hpp"

namespace mica::trace {
namespace {

constexpr Signature imports[] = {
#define MICA_SIGNATURE(name, result, ...) {#name, Kind::result, {__VA_ARGS__}},
#include "trace/signatures.inc"
#undef MICA_SIGNATURE
};

constexpr std::string_view name_of(Signature const& signature) noexcept {
  return signature.name;
}
static_assert(std::ranges::is_sorted(imports, {}, name_of));

constexpr Parameter device{Kind::pointer, "DeviceObject"}, irp{Kind::pointer, "Irp"},
    driver{Kind::pointer, "DriverObject"}, context{Kind::pointer, "Context"};

// By Callback.
constexpr Signature callbacks[] = {
    {"DriverEntry", Kind::status, {driver, {Kind::unicode_string, "RegistryPath"}}},
    {"DriverUnload", Kind::nothing, {driver}},
    {"AddDevice", Kind::status, {driver, {Kind::pointer, "PhysicalDeviceObject"}}},
    {"Dispatch", Kind::status, {device, irp}},
    {"IoCompletion", Kind::status, {device, irp, context}},
    {"Cancel", Kind::nothing, {device, irp}},
    {"CustomDpc",
     Kind::nothing,
     {{Kind::pointer, "Dpc"},
      {Kind::pointer, "DeferredContext"},
      {Kind::pointer, "SystemArgument1"},
      {Kind::pointer, "SystemArgument2"}}},
    {"ExTimerCallback", Kind::nothing, {{Kind::pointer, "Timer"}, context}},
    {"WorkItem", Kind::nothing, {{Kind::pointer, "Parameter"}}},
    {"CallbackFunction",
     Kind::nothing,
     {{Kind::pointer, "CallbackContext"},
      {Kind::pointer, "Argument1"},
      {Kind::pointer, "Argument2"}}},
    {"InterruptService",
     Kind::boolean,
     {{Kind::pointer, "Interrupt"}, {Kind::pointer, "ServiceContext"}}},
    {"ThreadStart", Kind::nothing, {{Kind::pointer, "StartContext"}}},
    {"DriverNotification",
     Kind::status,
     {{Kind::pointer, "NotificationStructure"}, {Kind::pointer, "Context"}}},
    {"DeviceChangeComplete", Kind::nothing, {{Kind::pointer, "Context"}}},
    {"AdapterControl", Kind::signed_32, {device, irp, {Kind::pointer, "MapRegisterBase"}, context}},
    {"AdapterListControl", Kind::nothing, {device, irp, {Kind::pointer, "ScatterGather"}, context}},
};

constexpr Parameter length{Kind::unsigned_32, "Length"}, offset{Kind::signed_64, "ByteOffset"},
    code{Kind::unsigned_32, "IoControlCode"}, input{Kind::size, "InputBufferLength"},
    output{Kind::size, "OutputBufferLength"};

// By IRP_MJ_*.
constexpr Signature requests[] = {
    {"IRP_MJ_CREATE", Kind::status, {device, irp}},
    {"IRP_MJ_CREATE_NAMED_PIPE", Kind::status, {device, irp}},
    {"IRP_MJ_CLOSE", Kind::status, {device, irp}},
    {"IRP_MJ_READ", Kind::status, {device, irp, length, offset}},
    {"IRP_MJ_WRITE", Kind::status, {device, irp, length, offset}},
    {"IRP_MJ_QUERY_INFORMATION", Kind::status, {device, irp}},
    {"IRP_MJ_SET_INFORMATION", Kind::status, {device, irp}},
    {"IRP_MJ_QUERY_EA", Kind::status, {device, irp}},
    {"IRP_MJ_SET_EA", Kind::status, {device, irp}},
    {"IRP_MJ_FLUSH_BUFFERS", Kind::status, {device, irp}},
    {"IRP_MJ_QUERY_VOLUME_INFORMATION", Kind::status, {device, irp}},
    {"IRP_MJ_SET_VOLUME_INFORMATION", Kind::status, {device, irp}},
    {"IRP_MJ_DIRECTORY_CONTROL", Kind::status, {device, irp}},
    {"IRP_MJ_FILE_SYSTEM_CONTROL", Kind::status, {device, irp}},
    {"IRP_MJ_DEVICE_CONTROL", Kind::status, {device, irp, code, input, output}},
    {"IRP_MJ_INTERNAL_DEVICE_CONTROL", Kind::status, {device, irp, code, input, output}},
    {"IRP_MJ_SHUTDOWN", Kind::status, {device, irp}},
    {"IRP_MJ_LOCK_CONTROL", Kind::status, {device, irp}},
    {"IRP_MJ_CLEANUP", Kind::status, {device, irp}},
    {"IRP_MJ_CREATE_MAILSLOT", Kind::status, {device, irp}},
    {"IRP_MJ_QUERY_SECURITY", Kind::status, {device, irp}},
    {"IRP_MJ_SET_SECURITY", Kind::status, {device, irp}},
    {"IRP_MJ_POWER", Kind::status, {device, irp}},
    {"IRP_MJ_SYSTEM_CONTROL", Kind::status, {device, irp}},
    {"IRP_MJ_DEVICE_CHANGE", Kind::status, {device, irp}},
    {"IRP_MJ_QUERY_QUOTA", Kind::status, {device, irp}},
    {"IRP_MJ_SET_QUOTA", Kind::status, {device, irp}},
    {"IRP_MJ_PNP", Kind::status, {device, irp, {Kind::unsigned_8, "MinorFunction"}}},
};
static_assert(std::size(requests) == IRP_MJ_MAXIMUM_FUNCTION + 1);

}  // namespace

Signature const* find_signature(std::string_view name) noexcept {
  auto const* const found = std::ranges::lower_bound(imports, name, {}, name_of);
  return found != std::end(imports) && name_of(*found) == name ? found : nullptr;
}

Signature const& signature_of(Callback callback) noexcept {
  return callbacks[static_cast<unsigned>(callback)];
}

Signature const& signature_of_request(std::uint8_t major) noexcept {
  return major < std::size(requests) ? requests[major] : signature_of(Callback::dispatch);
}

}  // namespace mica::trace
