#include "ldr/missing_import.hpp"

#include "ke/bugcheck.hpp"
#include "ldr/public_names.hpp"

namespace mica::ldr {
namespace {

void NTAPI report(ImportCall& call) {
  {
    rtl::Line line;
    line << "mica: ";
    if (!put_place_of(line, "", call.return_address)) line << rtl::Hex{call.return_address};
    line << " called ";
    if (call.stub->name.empty())
      line << "an ordinal";
    else
      line << call.stub->name;
    line << "(";
    char const* separator = "";
    for (ULONG64 const argument : call.arguments) {
      line << separator << rtl::Hex{argument};
      separator = ", ";
    }
    line << ", ...), which is not there";
  }
  ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED,
               static_cast<ULONG_PTR>(STATUS_DRIVER_ENTRYPOINT_NOT_FOUND), call.return_address,
               call.arguments[0], call.arguments[1]);
}

}  // namespace

constexpr ImportWatch missing_import{report, nullptr, nullptr,
                                     [](std::string_view)
                                         NTAPI -> void const* { return &missing_import; }};

}  // namespace mica::ldr
