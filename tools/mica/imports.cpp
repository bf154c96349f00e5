// mica imports DRIVER: what an image wants of others, and whether this executive has it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "abi/exports.hpp"
#include "command.hpp"
#include "files.hpp"
#include "ldr/file.hpp"
#include "ldr/imports.hpp"

namespace mica::tool {
namespace {

constexpr char const* footer = R"(Each import is a line: there or missing, module, name or #ordinal.
Exit status:
  0  this executive has all that the image imports
  1  something is missing
  2  wrong use, or no image for x64: one line says why)";

struct Asked {
  std::string file;
  bool missing_only = false;
  bool json = false;
};

struct Wanted {
  std::string module, name;
  bool delayed, there;
};

[[noreturn]] void refuse(std::string const& path, ldr::Refusal const& refusal) {
  char const* const place = refusal.place == ldr::Place::file ? "of the file" : "of the image";
  throw Wrong{fmt::format("'{}' is no image that can be loaded: {}, at {:#x} {} (status 0x{:08X})",
                          path, refusal.what, refusal.at, place,
                          static_cast<std::uint32_t>(refusal.status))};
}

std::vector<Wanted> imports_of(std::string const& path) {
  std::vector<std::byte> const bytes = contents(path);
  ldr::File file;
  if (ldr::Refusal const refusal = file.open(bytes)) refuse(path, refusal);
  // What an image says of its size need not be true: zeros that nobody touches cost nothing.
  std::unique_ptr<std::byte, decltype(&std::free)> const memory{
      static_cast<std::byte*>(std::calloc(file.image_bytes(), 1)), &std::free};
  if (!memory)
    throw Wrong{fmt::format("no memory for the {} bytes of '{}'", file.image_bytes(), path)};
  std::span const laid_out{memory.get(), file.image_bytes()};
  file.lay_out(laid_out);
  ldr::Image const image{laid_out, file.headers()};
  ldr::Imports imports{image};
  std::vector<Wanted> wanted;
  for (ldr::Import import; imports.next(import);) {
    bool const named = !import.name.empty();
    bool const there = named && abi::find_export(import.module, import.name) != nullptr;
    wanted.push_back({std::string{import.module},
                      named ? std::string{import.name} : fmt::format("#{}", import.ordinal),
                      import.delayed, there});
  }
  if (imports.refusal()) refuse(path, imports.refusal());
  return wanted;
}

void print_json(Asked const& asked, std::vector<Wanted> const& wanted, std::ptrdiff_t missing) {
  nlohmann::ordered_json document = {{"file", asked.file}, {"missing", missing}};
  document["imports"] = nlohmann::ordered_json::array();
  for (Wanted const& each : wanted)
    if (!each.there || !asked.missing_only)
      document["imports"].push_back({{"module", each.module},
                                     {"name", each.name},
                                     {"delayed", each.delayed},
                                     {"there", each.there}});
  constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
  fmt::print("{}\n", document.dump(2, ' ', false, replace));
}

void print_lines(Asked const& asked, std::vector<Wanted> const& wanted, std::ptrdiff_t missing) {
  for (Wanted const& each : wanted)
    if (!each.there || !asked.missing_only)
      fmt::print("{:<8} {} {}{}\n", each.there ? "there" : "missing", each.module, each.name,
                 each.delayed ? " (delayed)" : "");
  fmt::print("{}: {} imports, {} missing\n", asked.file, wanted.size(), missing);
}

int imports(Asked const& asked) {
  std::vector<Wanted> const wanted = imports_of(asked.file);
  std::ptrdiff_t const missing = std::ranges::count(wanted, false, &Wanted::there);
  (asked.json ? print_json : print_lines)(asked, wanted, missing);
  return missing == 0 ? nothing_found : failure_found;
}

}  // namespace

void add_imports(CLI::App& tool, int& status) {
  auto const asked = std::make_shared<Asked>();
  CLI::App* const command =
      tool.add_subcommand("imports", "What a driver imports, and whether it is there");
  command->add_option("DRIVER", asked->file, "A Windows driver for x64 (.sys)")->required();
  command->add_flag("--missing", asked->missing_only, "Only what is missing");
  command->add_flag("--json", asked->json, "As one JSON document");
  command->footer(footer);
  command->callback([asked, &status] { status = imports(*asked); });
}

}  // namespace mica::tool
