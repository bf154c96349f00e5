// mica imports DRIVER: what an image wants of others, and whether this executive has it.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "abi/exports.hpp"
#include "command.hpp"
#include "files.hpp"
#include "image_file.hpp"
#include "ldr/imports.hpp"
#include "ldr/program_database.hpp"
#include "symbols_file.hpp"

namespace mica::tool {
namespace {

constexpr char const* footer = R"(Each import is a line: there or missing, module, name or #ordinal.
The version is a line if the image says that it has one, and so are its symbols.
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

// The file that the image says has its symbols.
struct Symbols {
  std::string name;
  bool there;             // beside the image
  std::string wrong;      // why they are not its own
  std::size_t count = 0;  // of public symbols
};

struct Told {
  std::optional<ldr::Version> version;
  std::optional<Symbols> symbols;  // none: it names no file
  std::vector<Wanted> wanted;
};

// What is wrong with what it says of its symbols is nothing to its imports.
std::optional<Symbols> symbols_of(std::string const& path, std::span<std::byte const> image) {
  ldr::File file;
  ldr::DebugRecord record{};
  if (file.open(image) || ldr::read_debug_record(file, record) || !record.there) return {};
  Symbols symbols{std::string{record.name}, false, {}, 0};
  std::vector<std::byte> const bytes = symbols_beside(path, image);
  symbols.there = !bytes.empty();
  if (!symbols.there) return symbols;
  ldr::ProgramDatabase database;
  ldr::PublicSymbol symbol{};
  if (ldr::Refusal const refusal = database.open(bytes))
    symbols.wrong = refusal.what;
  else if (!(database.identity() == record.identity))
    symbols.wrong = "it is of another build";
  else
    for (std::uint32_t position = 0; database.next(position, symbol);) ++symbols.count;
  return symbols;
}

Told read(std::string const& path) {
  std::vector<std::byte> const bytes = contents(path);
  ImageFile const file{bytes, path};
  ldr::Image const image = file.image();
  ldr::Imports imports{image};
  Told told{file.version(), symbols_of(path, bytes), {}};
  for (ldr::Import import; imports.next(import);) {
    bool const named = !import.name.empty();
    bool const there = named && abi::find_export(import.module, import.name) != nullptr;
    told.wanted.push_back({std::string{import.module},
                           named ? std::string{import.name} : fmt::format("#{}", import.ordinal),
                           import.delayed, there});
  }
  if (imports.refusal()) file.refuse(imports.refusal());
  return told;
}

void print_json(Asked const& asked, Told const& told, std::ptrdiff_t missing) {
  nlohmann::ordered_json document = {{"file", asked.file}};
  if (told.version)
    document["version"] = {{"file", text_of(told.version->file)},
                           {"product", text_of(told.version->product)}};
  if (told.symbols)
    document["symbols"] = {{"file", told.symbols->name},
                           {"there", told.symbols->there},
                           {"wrong", told.symbols->wrong},
                           {"count", told.symbols->count}};
  document["missing"] = missing;
  document["imports"] = nlohmann::ordered_json::array();
  for (Wanted const& each : told.wanted)
    if (!each.there || !asked.missing_only)
      document["imports"].push_back({{"module", each.module},
                                     {"name", each.name},
                                     {"delayed", each.delayed},
                                     {"there", each.there}});
  constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
  fmt::print("{}\n", document.dump(2, ' ', false, replace));
}

std::string told_of(Symbols const& symbols) {
  if (!symbols.there) return "not beside it";
  return symbols.wrong.empty() ? fmt::format("{} public names", symbols.count) : symbols.wrong;
}

void print_lines(Asked const& asked, Told const& told, std::ptrdiff_t missing) {
  for (Wanted const& each : told.wanted)
    if (!each.there || !asked.missing_only)
      fmt::print("{:<8} {} {}{}\n", each.there ? "there" : "missing", each.module, each.name,
                 each.delayed ? " (delayed)" : "");
  if (told.version)
    fmt::print("{}: version {}, of product version {}\n", asked.file, text_of(told.version->file),
               text_of(told.version->product));
  if (told.symbols)
    fmt::print("{}: symbols {}: {}\n", asked.file, told.symbols->name, told_of(*told.symbols));
  fmt::print("{}: {} imports, {} missing\n", asked.file, told.wanted.size(), missing);
}

int imports(Asked const& asked) {
  Told const told = read(asked.file);
  std::ptrdiff_t const missing = std::ranges::count(told.wanted, false, &Wanted::there);
  (asked.json ? print_json : print_lines)(asked, told, missing);
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
