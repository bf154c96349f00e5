#include "run_result.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "devices.hpp"
#include "harness/status_names.hpp"
#include "image_file.hpp"
#include "io/driver.hpp"
#include "script_file.hpp"
#include "wrong.hpp"

namespace mica::tool {
namespace {

// A file that is no image, or lies of its version, has none; what the loader wants of it is the
// loader's to say.
std::optional<ldr::Version> version_of(std::span<std::byte const> image) {
  try {
    return ImageFile{image, ""}.version();
  } catch (Wrong const&) {
    return std::nullopt;
  }
}

// Whether something has that name still.
bool is_there(std::string const& driver) {
  std::u16string path = u"\\Driver\\";
  path.append(driver.begin(), driver.end());
  auto const bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
  UNICODE_STRING name{bytes, bytes, path.data()};
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByName(&name, OBJ_CASE_INSENSITIVE, nullptr, 0, io::state().driver_type,
                              KernelMode, nullptr, &object);
  if (NT_SUCCESS(status)) ObDereferenceObject(object);
  return NT_SUCCESS(status);
}

Unloading unload(System& system, Driver& driver, bool unloaded, std::string const& name) {
  if (!unloaded && !NT_SUCCESS(driver.unload())) return Unloading::impossible;
  bool there = false;
  // What a worker unloads is gone when nothing else is left to do.
  system.run([] {});
  system.run([&] { there = is_there(name); });
  return there ? Unloading::in_use : Unloading::done;
}

char const* text_of(Unloading unloading) noexcept {
  switch (unloading) {
    case Unloading::not_reached:
      break;
    case Unloading::done:
      return "unloaded";
    case Unloading::in_use:
      return "not unloaded: something of it is in use";
    case Unloading::impossible:
      return "not unloaded: it has no DriverUnload";
  }
  return "not unloaded";
}

}  // namespace

int RunResult::status() const noexcept {
  if (ended) return system_ended;
  if (!NT_SUCCESS(entry_status.value_or(STATUS_UNSUCCESSFUL)) || device) return driver_refused;
  return failures.empty() && wrong_accesses.empty() ? nothing_found : failure_found;
}

RunResult run_driver(System& system, Wanted const& wanted) {
  Devices devices{wanted.devices};
  RunResult result;
  result.version = version_of(wanted.image);
  std::optional<Player> player;
  try {
    result.device = devices.add(system, false);
    Driver driver = system.load(wanted.image, wanted.name, wanted.symbols);
    result.entry_status = driver.entry_status();
    result.refusal = driver.refusal();
    if (NT_SUCCESS(driver.entry_status())) {
      if (!result.device) result.device = devices.add(system, true);
      player.emplace(driver.object());
      if (!result.device) system.run([&] { player->perform(wanted.script); });
      result.unloading = devices.remove(system)
                             ? unload(system, driver, player->unloaded(), wanted.name)
                             : Unloading::in_use;
    }
  } catch (mica::Failure const& failure) {
    result.ended = failure.outcome();
  }
  result.wrong_accesses = system.wrong_accesses();
  if (player) {
    result.held = player->held();
    result.failures = player->failures();
    result.last = player->last();
  }
  return result;
}

void print_text(RunResult const& result, std::string const& driver, std::string const& script,
                std::string const& devices) {
  for (FailedExpectation const& each : result.failures)
    fmt::print("{}: expected {}, found {}\n", place_text(script, each.where), each.expected,
               each.found);
  if (result.ended) {
    fmt::print("{}", driver);
    if (result.last) fmt::print(", at {}", place_text(script, *result.last));
    fmt::print(": {}\n", result.ended->report());
    return;
  }
  for (WrongAccess const& each : result.wrong_accesses)
    fmt::print("{}: device {}: {}\n", devices, each.device, each.text);
  std::string const status = harness::name_of_status(*result.entry_status);
  if (!result.refusal.empty())
    fmt::print("{}: not loaded: {} ({})\n", driver, result.refusal, status);
  else if (!NT_SUCCESS(*result.entry_status))
    fmt::print("{}: DriverEntry returned {}\n", driver, status);
  else if (result.device)
    fmt::print("{}: its device {} was not added: {}; {}\n", driver, result.device->first,
               harness::name_of_status(result.device->second), text_of(result.unloading));
  else
    fmt::print("{}: {} expectations held, {} failed; {}\n", driver, result.held,
               result.failures.size(), text_of(result.unloading));
}

void print_json(RunResult const& result, System const& system, std::string const& driver,
                std::string const& script) {
  using Document = nlohmann::ordered_json;
  Document document = {{"driver", driver},
                       {"status", result.status()},
                       {"processors", system.config().processors},
                       {"seed", system.config().seed}};
  if (result.version)
    document["version"] = {{"file", text_of(result.version->file)},
                           {"product", text_of(result.version->product)}};
  if (result.entry_status) document["entry_status"] = harness::name_of_status(*result.entry_status);
  if (!result.refusal.empty()) document["refusal"] = result.refusal;
  if (result.device)
    document["device"] = {{"name", result.device->first},
                          {"status", harness::name_of_status(result.device->second)}};
  document["held"] = result.held;
  document["failures"] = Document::array();
  for (FailedExpectation const& each : result.failures)
    document["failures"].push_back({{"script", script},
                                    {"line", each.where.line},
                                    {"column", each.where.column},
                                    {"expected", each.expected},
                                    {"found", each.found}});
  document["wrong_accesses"] = Document::array();
  for (WrongAccess const& each : result.wrong_accesses)
    document["wrong_accesses"].push_back({{"device", each.device}, {"text", each.text}});
  if (result.ended) {
    document["ended"] = {{"how", name_of(result.ended->kind())},
                         {"code", result.ended->code()},
                         {"parameters", result.ended->parameters()},
                         {"report", result.ended->report()}};
    if (result.last) document["ended"]["at"] = place_text(script, *result.last);
  }
  document["unloading"] = text_of(result.unloading);
  document["steps"] = system.steps();
  document["log"] = system.log();
  constexpr auto replace = Document::error_handler_t::replace;
  fmt::print("{}\n", document.dump(2, ' ', false, replace));
}

}  // namespace mica::tool
