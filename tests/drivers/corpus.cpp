// Drivers of each kind that there is: a device that has nothing, a loopback, a filter over it, work
// by timers and DPCs, vector code. Each is loaded, asked for what it is there for, and unloaded.
#include "requests.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "loop.h"
#include "mill.h"

using namespace mica::test;

namespace {

[[nodiscard]] FILTER_PASSED passed(OpenedDevice& device) noexcept {
  FILTER_PASSED passed{};
  MICA_CHECK(
      Request::control(device, IOCTL_FILTER_PASSED, nullptr, 0, &passed, sizeof passed).status() ==
      STATUS_SUCCESS);
  return passed;
}

[[nodiscard]] ULONG waiting_bytes(OpenedDevice& device) noexcept {
  ULONG bytes = ~0u;
  MICA_CHECK(
      Request::control(device, IOCTL_LOOP_WAITING, nullptr, 0, &bytes, sizeof bytes).status() ==
      STATUS_SUCCESS);
  return bytes;
}

// What became of a write of that text, which its driver need not wait with: literals are in no
// memory that a list of pages may describe.
[[nodiscard]] IO_STATUS_BLOCK write(OpenedDevice& device, std::string_view text) noexcept {
  char copy[16] = {};
  MICA_REQUIRE(text.size() <= sizeof copy);
  std::copy(text.begin(), text.end(), copy);
  Request request = Request::write(device, copy, static_cast<ULONG>(text.size()));
  IO_STATUS_BLOCK result{};
  result.Status = request.status();
  result.Information = request.information();
  return result;
}

[[nodiscard]] Request grind(OpenedDevice& device, char (&text)[4]) noexcept {
  return Request::control(device, IOCTL_MILL_GRIND, text, sizeof text, text, sizeof text);
}

[[nodiscard]] NTSTATUS tell(OpenedDevice& device, ULONG code) noexcept {
  return Request::control(device, code, nullptr, 0, nullptr, 0).status();
}

[[nodiscard]] MILL_COUNTS counts(OpenedDevice& device) noexcept {
  MILL_COUNTS counts{};
  MICA_CHECK(Request::read(device, &counts, sizeof counts).status() == STATUS_SUCCESS);
  return counts;
}

}  // namespace

MICA_CASE("Io: a driver has nothing to read and takes all that is written") {
  Loaded const driver{u"nothing"};
  OpenedDevice device{u"\\Device\\Nothing"};
  char buffer[4] = {'a', 'b', 'c', 'd'};
  Request read = Request::read(device, buffer, sizeof buffer);
  MICA_CHECK((read.sent() == STATUS_END_OF_FILE && buffer[0] == 'a'));
  MICA_CHECK(Request::write(device, buffer, 3).information() == 3);
  MICA_CHECK(Request::plain(device, IRP_MJ_FLUSH_BUFFERS).sent() == STATUS_INVALID_DEVICE_REQUEST);
}

MICA_CASE("Io: a loopback driver's reads get what is written, or wait for it") {
  Loaded const driver{u"loop"};
  OpenedDevice device{u"\\Device\\Loop"};
  char first[4] = {}, second[8] = {}, rest[80] = {};
  MICA_CHECK(write(device, "abc").Information == 3);
  MICA_CHECK(waiting_bytes(device) == 3);
  MICA_CHECK(Request::read(device, first, 2).information() == 2);
  MICA_CHECK((std::string_view{first} == "ab" && waiting_bytes(device) == 1));
  Request one = Request::read(device, second, 1);
  Request other = Request::read(device, second + 1, 7);
  Request late = Request::read(device, rest, sizeof rest);
  MICA_CHECK((one.status() == STATUS_SUCCESS && other.pending() && late.pending()));
  MICA_CHECK(write(device, "defghijkl").Information == 9);
  MICA_CHECK((other.information() == 7 && late.information() == 2));
  MICA_CHECK(std::string_view(second, 8) == "cdefghij" &&
             std::string_view(rest, 3) == std::string_view("kl", 3));
  // What has no room is not taken.
  std::fill(std::begin(rest), std::end(rest), 'x');
  MICA_CHECK(Request::write(device, rest, sizeof rest).information() == LOOP_CAPACITY);
  MICA_CHECK(write(device, "y").Status == STATUS_DEVICE_BUSY);
  MICA_CHECK(Request::read(device, rest, sizeof rest).information() == LOOP_CAPACITY);
  MICA_CHECK(Request::read(device, rest, 0).status() == STATUS_SUCCESS);
}

MICA_CASE("Io: a loopback driver's waiting reads are cancelled, one by one or with their file") {
  Loaded const driver{u"loop"};
  OpenedDevice device{u"\\Device\\Loop"};
  OpenedDevice elsewhere{u"\\Device\\Loop"};
  char buffer[4] = {};
  Request first = Request::read(device, buffer, 1);
  Request cancelled = Request::read(device, buffer + 1, 1);
  Request stays = Request::read(elsewhere, buffer + 2, 1);
  MICA_CHECK((cancelled.cancel() && cancelled.status() == STATUS_CANCELLED));
  MICA_CHECK((first.pending() && stays.pending()));
  MICA_CHECK(Request::plain(device, IRP_MJ_CLEANUP).status() == STATUS_SUCCESS);
  MICA_CHECK((first.status() == STATUS_CANCELLED && stays.pending()));
  MICA_CHECK(write(device, "z").Status == STATUS_SUCCESS);
  MICA_CHECK((stays.status() == STATUS_SUCCESS && buffer[2] == 'z' && buffer[0] == 0));
}

MICA_CASE("Io: a filter driver over a loopback sees what passes, and changes what is read") {
  Loaded const lower{u"loop"};
  {
    Loaded const filter{u"filter"};
    OpenedDevice device{u"\\Device\\Loop"};
    MICA_CHECK(device.get()->StackSize == 2);
    char at_once[8] = {}, later[8] = {}, dropped[8] = {};
    MICA_CHECK(write(device, "now").Information == 3);
    MICA_CHECK(Request::read(device, at_once, sizeof at_once).information() == 3);
    MICA_CHECK(std::string_view{at_once} == "NOW");
    Request read = Request::read(device, later, sizeof later);
    MICA_CHECK((read.sent() == STATUS_PENDING && read.pending()));
    MICA_CHECK(write(device, "later!").Information == 6);
    MICA_CHECK((read.information() == 6 && std::string_view{later} == "LATER!"));
    Request cancelled = Request::read(device, dropped, sizeof dropped);
    MICA_CHECK((cancelled.cancel() && cancelled.status() == STATUS_CANCELLED));
    MICA_CHECK(waiting_bytes(device) == 0);  // asked of the lower driver
    FILTER_PASSED const seen = passed(device);
    MICA_CHECK((seen.Reads == 2 && seen.Writes == 2 && seen.BytesWritten == 9));
    MICA_CHECK(seen.Others >= 1);
  }
  OpenedDevice device{u"\\Device\\Loop"};
  char plain[8] = {};
  MICA_CHECK(device.get()->StackSize == 1);
  MICA_CHECK(write(device, "plain").Information == 5);
  MICA_CHECK(Request::read(device, plain, sizeof plain).information() == 5);
  MICA_CHECK(std::string_view{plain} == "plain");
}

MICA_CASE("Io: a filter driver is not loaded without what it filters") {
  MICA_CHECK(Service{u"filter"}.load() == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: a driver does requests one by one, by a timer, its DPC and a work item") {
  Loaded const driver{u"mill"};
  OpenedDevice device{u"\\Device\\Mill"};
  char texts[3][4] = {{'a', 'b', 'c', 'd'}, {'0', '1', '2', '3'}, {'x', 'x', 'x', 'x'}};
  MICA_CHECK(tell(device, IOCTL_MILL_STOP) == STATUS_SUCCESS);
  Request first = grind(device, texts[0]), second = grind(device, texts[1]);
  Request dropped = grind(device, texts[2]);
  MICA_CHECK((first.sent() == STATUS_PENDING && second.sent() == STATUS_PENDING));
  MICA_CHECK((dropped.cancel() && dropped.status() == STATUS_CANCELLED));
  MICA_CHECK((first.pending() && second.pending()));
  MICA_CHECK(tell(device, IOCTL_MILL_GO) == STATUS_SUCCESS);
  MICA_CHECK((second.information() == 4 && !first.pending() && first.information() == 4));
  MICA_CHECK(std::string_view(texts[0], 4) == "bcde" && std::string_view(texts[1], 4) == "1234");
  MICA_CHECK(texts[2][0] == 'x');
  MILL_COUNTS const seen = counts(device);
  MICA_CHECK((seen.Timers == 2 && seen.Dpcs == 2 && seen.Items == 2));
  sleep(1'100 * millisecond_100ns);
  MICA_CHECK(counts(device).Seconds > seen.Seconds);
}

MICA_CASE("Ke: vector registers of drivers survive calls, waits, levels and who interrupts") {
  Loaded const driver{u"vector"};  // which fails if one does not
}
