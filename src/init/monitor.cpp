#include "init/monitor.hpp"

#include <nt/ke.h>

#include <span>

#include "init/state.hpp"
#include "mm/usage.hpp"
#include "rtl/line.hpp"

namespace mica::init {
namespace {

using rtl::Line;

struct Command {
  std::string_view name;
  std::string_view help;
  void (*run)() noexcept;
};

// One processor's line, for the commands that have nothing else to say.
template <class Describe>
void for_each_processor(Describe describe) noexcept {
  State& system = state();
  for (ULONG number = 0; number < system.ke.count; ++number) {
    Line line;
    line << "processor " << number << ": ";
    describe(line, system.ke.processors[number]);
  }
}

std::string_view wait_name(std::uint32_t word) noexcept {
  switch (ke::wait_word::state(word)) {
    case ke::wait_word::idle:
    case ke::wait_word::claimed:
      return "runs or is ready";
    case ke::wait_word::committing:
      return "is about to wait";
    case ke::wait_word::waiting:
      return "waits";
    case ke::wait_word::evaluating:
      return "waits for all";
  }
  return "?";
}

void threads() noexcept {
  ps::State& ps = state().ps;
  ke::SpinGuard guard{ps.lock};
  ps.threads.for_each([](ps::Client& client) {
    _ETHREAD& thread = MICA_CONTAINING(client, _ETHREAD, client);
    Line{} << "thread " << reinterpret_cast<std::uint64_t>(client.id) << ": priority "
           << static_cast<std::uint64_t>(thread.kernel.priority.load()) << ", processor "
           << thread.kernel.processor.load() << ", " << wait_name(thread.kernel.wait.load());
  });
}

void irql() noexcept {
  Line{} << "this thread: level " << KeGetCurrentIrql() << " on processor "
         << KeGetCurrentProcessorNumberEx(nullptr);
  for_each_processor([](Line& line, ke::Processor& processor) {
    KPRIORITY const effective = processor.ready.effective.load();
    if (effective == ke::idle_priority)
      line << "idle";
    else
      line << "runs priority " << static_cast<std::uint64_t>(effective);
  });
}

void dpcs() noexcept {
  for_each_processor([](Line& line, ke::Processor& processor) {
    line << processor.dpcs.depth() << " DPCs queued";
  });
}

void timers() noexcept {
  for_each_processor([](Line& line, ke::Processor& processor) {
    line << processor.timers.pending() << " timers pending, next at ";
    if (processor.timers.next() == ke::no_tick)
      line << "no tick";
    else
      line << "tick " << processor.timers.next();
  });
  Line{} << "tick " << state().ke.time.tick.load();
}

void pool() noexcept {
  mm::TagUsage rows[64];
  std::size_t const count = mm::pool_usage(state().mm, rows);
  for (std::size_t i = 0; i < count && i < std::size(rows); ++i) {
    char const tag[] = {static_cast<char>(rows[i].tag), static_cast<char>(rows[i].tag >> 8),
                        static_cast<char>(rows[i].tag >> 16), static_cast<char>(rows[i].tag >> 24)};
    Line{} << std::string_view{tag, sizeof tag} << ": " << rows[i].allocations - rows[i].frees
           << " blocks, " << rows[i].bytes << " bytes";
  }
  mm::SpecialPool::Usage const special = state().mm.special.usage();
  if (special.allocations + special.refused != 0)
    Line{} << "special pool: " << special.allocations - special.frees << " blocks, "
           << special.refused << " found no room there";
}

// Names are ASCII as a rule; what is not shows as a question mark.
Line& operator<<(Line& line, UNICODE_STRING const& text) noexcept {
  for (WCHAR const character : std::span{text.Buffer, text.Length / sizeof(WCHAR)}) {
    char const shown = character < 0x80 ? static_cast<char>(character) : '?';
    line << std::string_view{&shown, 1};
  }
  return line;
}

void NTAPI object(ob::Name const& name, ULONG depth) noexcept {
  Line line;
  while (depth-- > 0) line << "  ";
  ob::Header const& header = *name.object;
  line << name.component << ": " << ob::header_of(header.type).name->component << ", "
       << static_cast<std::uint64_t>(header.references.load()) << " references, "
       << header.handles.load() << " handles";
}

void objects() noexcept {
  ob::State& ob = state().ob;
  {
    ke::SpinGuard guard{ob.names.lock};
    ob::walk(ob.names, *ob.names.root, object);
  }
  Line{} << ob.handles.count() << " handles";
}

void help() noexcept;

constexpr Command commands[] = {
    {"threads", "every thread, its priority, processor and wait", threads},
    {"irql", "this thread's level and what each processor runs", irql},
    {"dpcs", "how many DPCs each processor has queued", dpcs},
    {"timers", "how many timers each processor has pending", timers},
    {"pool", "live blocks and bytes by tag", pool},
    {"objects", "the namespace, with references and handles", objects},
    {"help", "this list", help},
    {"quit", "ends the System", nullptr},
};

void help() noexcept {
  for (Command const& command : commands) Line{} << command.name << ": " << command.help;
}

constexpr char backspace = 8, rubout = 127;  // what terminals send for the same key

// Reads a line, echoing it; what does not fit is not read.
std::string_view read_line(char (&text)[80]) noexcept {
  std::size_t used = 0;
  for (;;) {
    int const byte = Machine::debug_input();
    if (byte < 0) {
      LARGE_INTEGER pause;
      pause.QuadPart = -100'000;  // 10 ms
      static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &pause));
      continue;
    }
    char const character = static_cast<char>(byte);
    if (character == '\r' || character == '\n') return {text, used};
    if (character == backspace || character == rubout) {
      if (used == 0) continue;
      --used;
      Machine::debug_output("\b \b", 3);
    } else if (used < sizeof text) {
      text[used++] = character;
      Machine::debug_output(&character, 1);
    }
  }
}

}  // namespace

void monitor() noexcept {
  for (;;) {
    Machine::debug_output("mica> ", 6);
    char text[80];
    std::string_view const line = read_line(text);
    Machine::debug_output("\n", 1);
    if (line.empty()) continue;
    if (line == "quit") return;
    bool known = false;
    for (Command const& command : commands)
      if (known = command.name == line; known) {
        command.run();
        break;
      }
    if (!known) Line{} << "no command '" << line << "'; help lists them";
  }
}

}  // namespace mica::init
