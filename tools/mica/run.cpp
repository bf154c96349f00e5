// mica run DRIVER: loads a Windows driver into a System, asks of it what a script says, unloads it.
#include <fmt/format.h>
#include <mica/fault.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "command.hpp"
#include "devices.hpp"
#include "files.hpp"
#include "run_result.hpp"
#include "script_file.hpp"
#include "symbols_file.hpp"
#include "trace_formats.hpp"

namespace mica::tool {
namespace {

constexpr char const* footer =
    R"(Without a script the driver is loaded and unloaded. docs/run.md has the language of scripts.
Exit status:
  0  the driver was loaded, and all that the script expects held
  1  an expectation failed: where, what was expected, and what was found; or the driver accessed
     what a device of --devices has not
  2  wrong use, or a mistake in the script: one line says where and why
  3  the driver could not be loaded, its DriverEntry failed, or a device could not be added
  4  the run ended before its time: a bugcheck, a deadlock, too many steps, or a fault)";

struct Asked {
  std::string driver, devices, ram_disk, script, name, output;
  std::optional<std::string> trace;
  TraceFormat format = TraceFormat::text;
  unsigned processors = 1;
  std::uint64_t seed = 1;
  Verifier verifier = Verifier::off;
  Privileged privileged = Privileged::patched;
  bool traps = false;
  bool passes_breakpoints = false;
  bool json = false;
};

std::string_view text_of(std::vector<std::byte> const& bytes) noexcept {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// A text that is right.
std::vector<std::byte> devices_in(std::string const& path) {
  if (path.empty()) return {};
  std::vector<std::byte> bytes = contents(path);
  try {
    Devices const right{text_of(bytes)};
  } catch (DeviceMistake const& mistake) {
    throw Wrong{
        fmt::format("{}:{}:{}: expected {}", path, mistake.line, mistake.column, mistake.what())};
  }
  return bytes;
}

// The RAM disk stays for as long as the System.
Config config_of(Asked const& asked, std::span<std::byte const> ram_disk, Trace* trace) {
  Config config;
  config.ram_disk = ram_disk;
  config.processors = asked.processors;
  config.seed = asked.seed;
  config.verifier = asked.verifier;
  config.privileged = asked.privileged;
  config.trace = trace;
  if (asked.traps) config.options = "trap-missing-imports ";
  if (asked.passes_breakpoints) config.options += "pass-breakpoints";
  return config;
}

void write(Asked const& asked, Trace const& trace) {
  if (asked.output.empty()) return write_trace(stdout, trace, asked.format);
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(asked.output.c_str(), "wb"),
                                                       &std::fclose};
  if (file) write_trace(file.get(), trace, asked.format);
  if (!file || std::fflush(file.get()) != 0 || std::ferror(file.get()))
    throw Wrong{fmt::format("cannot write '{}': {}", asked.output, std::strerror(errno))};
}

// A driver's access to what is not mapped is its System's bugcheck, everybody else's what it was.
void take_faults() {
  static struct sigaction before {};
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t* information, void* context) {
    if (!take_fault(*information, context)) ::sigaction(SIGSEGV, &before, nullptr);
  };
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, &before);
}

int run(Asked const& asked) {
  if (asked.json && asked.trace && asked.output.empty())
    throw Wrong{"--json and --trace need --output: only one of them goes to the standard output"};
  script::Script const script = script_in(asked.script);
  std::vector<std::byte> const image = contents(asked.driver), devices = devices_in(asked.devices);
  std::vector<std::byte> const symbols = symbols_beside(asked.driver, image);
  std::vector<std::byte> const ram_disk =
      asked.ram_disk.empty() ? std::vector<std::byte>{} : contents(asked.ram_disk);
  std::optional<Trace> trace;
  if (asked.trace) trace.emplace(*asked.trace);
  std::string const name =
      asked.name.empty() ? std::filesystem::path{asked.driver}.stem().string() : asked.name;
  take_faults();
  System system{config_of(asked, ram_disk, trace ? &*trace : nullptr)};
  RunResult const result = run_driver(system, {image, symbols, name, text_of(devices), script});
  if (!asked.json) fmt::print("{}", system.log());
  if (trace) write(asked, *trace);
  if (asked.json)
    print_json(result, system, asked.driver, asked.script);
  else
    print_text(result, asked.driver, asked.script, asked.devices);
  return result.status();
}

void add_options(CLI::App& command, Asked& asked) {
  static std::map<std::string, TraceFormat> const formats = {{"text", TraceFormat::text},
                                                             {"json", TraceFormat::json},
                                                             {"perfetto", TraceFormat::perfetto}};
  static std::map<std::string, Verifier> const verifiers = {{"off", Verifier::off},
                                                            {"standard", Verifier::standard}};
  static std::map<std::string, Privileged> const privileged = {{"patched", Privileged::patched},
                                                               {"emulated", Privileged::emulated}};
  static std::map<std::string, bool> const missing = {{"refuse", false}, {"trap", true}};
  static std::map<std::string, bool> const breakpoints = {{"raise", false}, {"pass", true}};
  command.add_option("DRIVER", asked.driver, "A Windows driver for x64 (.sys)")->required();
  command.add_option("--script", asked.script, "What to ask of it, and what to expect");
  command.add_option("--devices", asked.devices,
                     "Devices that it is given once it is loaded (docs/pnp.md)");
  command.add_option("--ram-disk", asked.ram_disk,
                     "An archive of other drivers, which are loaded when a device wants them");
  command.add_option("--name", asked.name, "Its service's name; else its file's, without .sys");
  command
      .add_option_function<std::vector<std::string>>(
          "--trace",
          [&asked](std::vector<std::string> const& names) {
            asked.trace = names.empty() || names[0].empty() ? "*" : names[0];
          },
          "Traces imports that it calls and routines of its that are called, with these names "
          "(* and ? stand for any letters, commas separate)")
      ->expected(0, 1)
      ->type_name("NAMES");
  command.add_option("--trace-format", asked.format, "text, json or perfetto")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("FORMAT");
  command.add_option("--output", asked.output, "Where the trace goes");
  command.add_option("--processors", asked.processors, "Of the System")->check(CLI::Range(1, 16));
  command.add_option("--seed", asked.seed, "Of its schedule");
  command.add_option("--verifier", asked.verifier, "Rules that are judged: off or standard")
      ->transform(CLI::CheckedTransformer(verifiers).description(""))
      ->type_name("SET");
  command
      .add_option("--missing", asked.traps,
                  "What becomes of imports that are not there: refuse the driver, or trap the call")
      ->transform(CLI::CheckedTransformer(missing).description(""))
      ->type_name("WHAT");
  command
      .add_option("--privileged", asked.privileged,
                  "Instructions that a process may not execute: patched, or emulated each time")
      ->transform(CLI::CheckedTransformer(privileged).description(""))
      ->type_name("HOW");
  command
      .add_option("--breakpoints", asked.passes_breakpoints,
                  "What DbgBreakPoint does: raise an exception, or pass as if a debugger went on")
      ->transform(CLI::CheckedTransformer(breakpoints).description(""))
      ->type_name("WHAT");
  command.add_flag("--json", asked.json, "What came of it as one JSON document");
}

}  // namespace

void add_run(CLI::App& tool, int& status) {
  auto const asked = std::make_shared<Asked>();
  CLI::App* const command =
      tool.add_subcommand("run", "Loads a driver, and asks of it what a script says");
  add_options(*command, *asked);
  command->footer(footer);
  command->callback([asked, &status] { status = run(*asked); });
}

}  // namespace mica::tool
