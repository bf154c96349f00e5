// Every conformance case of ob, io, the registry, transactions and events gives back what it took:
// objects, names, directories, descriptors, keys, IRPs and buffers. Cases that end in a bugcheck
// abandon what their thread held and are left out.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"
#include "cm/branch.hpp"
#include "cm/state.hpp"
#include "conformance/ob_support.hpp"
#include "dma/adapter.hpp"
#include "drivers/ram_disk.hpp"
#include "io/state.hpp"
#include "mm/usage.hpp"
#include "ob/header.hpp"
#include "ob/state.hpp"
#include "se/token.hpp"
#include "tm/objects.hpp"

using namespace mica;

namespace {

constexpr ULONG tags[] = {
    ob::tag_name,
    ob::tag_directory,
    ob::tag_security,
    io::tag_irp,
    io::tag_buffer,
    io::tag_interrupt,
    io::tag_work_item,
    io::tag_extension,
    io::tag_registered,
    io::tag_name,
    ob::pool_tag("Prob"),
    ob::pool_tag("Devi"),
    ob::pool_tag("Driv"),
    ob::pool_tag("File"),
    ob::pool_tag("ObTp"),
    ob::pool_tag("ObLy"),
    ob::pool_tag("Even"),
    ob::tag_wait_blocks,
    cm::tag_key,
    cm::tag_value,
    cm::tag_data,
    cm::tag_array,
    cm::tag_callback,
    cm::tag_branch,
    mica::tm::tag_manager,
    mica::tm::tag_transaction,
    mica::tm::tag_enlistment,
    mica::tm::tag_resource_manager,
    dma::tag,
    io::tag_mdl,
    ob::pool_tag("RRem"),  // of the cases of remove locks
};

// The token of all is one for as long as the System: who keeps it is told by its references.
std::uint64_t live_blocks() noexcept {
  std::uint64_t live = ob::state().handles.count();
  live += ob::header_of(se::state().system_token).references.load();
  for (ULONG const tag : tags) {
    for (mm::PoolKind const kind : {mm::PoolKind::nonpaged, mm::PoolKind::paged}) {
      mm::TagUsage const usage = mm::pool_usage(mm::state(), kind, tag);
      live += usage.allocations - usage.frees;
    }
  }
  return live;
}

bool is_ours(std::string_view name, std::string_view file) {
  bool const family = name.starts_with("Ob: ") || name.starts_with("Io: ") ||
                      name.starts_with("Cm: ") || name.starts_with("Tm: ") ||
                      file.ends_with("/ex_event.cpp") || file.ends_with("/rtl_registry.cpp");
  bool const bugchecks = name.find("bugcheck") != name.npos || name.find("is no IRP") != name.npos;
  return family && !bugchecks;
}

}  // namespace

TEST_CASE("ob and io: a case leaves nothing behind", "[ob][io]") {
  unsigned cases = 0;
  for (auto const* entry = __start_mica_cases; entry != __stop_mica_cases; ++entry) {
    if (!is_ours((*entry)->name, (*entry)->file)) continue;
    ++cases;
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    System system{{.processors = 2, .ram_disk = test::ram_disk()}};
    system.run([&] {
      // The directory of types stays as wide as it has come to be.
      { test::ProbeType const type; }
      before = live_blocks();
      (*entry)->body();
      test::sleep(10 * test::millisecond_100ns);  // what is deleted later
      after = live_blocks();
    });
    INFO((*entry)->name);
    CHECK(after == before);
  }
  CHECK(cases > 60);
}
