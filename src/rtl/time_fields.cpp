// The calendar: 400 years have 146097 days, and 1601 begins such a period, on a Monday.
#include <nt/rtl/time.h>

namespace mica::rtl {
namespace {

constexpr LONGLONG ticks_a_millisecond = 10'000, ticks_a_second = 10'000'000;
constexpr LONGLONG ticks_a_day = ticks_a_second * 86'400;
constexpr LONG first_year = 1601, last_year = 30'827;
constexpr LONG days_in_400_years = 146'097;

[[nodiscard]] constexpr bool is_leap(LONG year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
[[nodiscard]] constexpr LONG days_in(LONG year, LONG month) noexcept {
  constexpr UCHAR days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}
// From the beginning of 1601 to that of the year.
[[nodiscard]] constexpr LONG days_before(LONG year) noexcept {
  LONG const years = year - first_year;
  return years * 365 + years / 4 - years / 100 + years / 400;
}
constexpr LONGLONG seconds_to_1970 = LONGLONG{days_before(1970)} * 86'400;
constexpr LONGLONG seconds_to_1980 = LONGLONG{days_before(1980)} * 86'400;
static_assert(seconds_to_1970 == 11'644'473'600);

// The estimate is never too late, and at most one too early.
[[nodiscard]] LONG year_of(LONG day) noexcept {
  LONG const years = static_cast<LONG>(LONGLONG{day} * 400 / days_in_400_years);
  LONG const year = first_year + years;
  return days_before(year + 1) <= day ? year + 1 : year;
}

[[nodiscard]] bool is_between(LONG value, LONG first, LONG last) noexcept {
  return value >= first && value <= last;
}

[[nodiscard]] BOOLEAN seconds_since(LONGLONG start, LONGLONG time, ULONG& seconds) noexcept {
  LONGLONG const since = time / ticks_a_second - start;
  if (since < 0 || since > LONGLONG{MAXULONG}) return FALSE;
  seconds = static_cast<ULONG>(since);
  return TRUE;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields) {
  LONG const day = static_cast<LONG>(Time->QuadPart / ticks_a_day);
  LONG const milliseconds = static_cast<LONG>(Time->QuadPart % ticks_a_day / ticks_a_millisecond);
  LONG const year = year_of(day);
  LONG rest = day - days_before(year), month = 1;
  for (; rest >= days_in(year, month); ++month) rest -= days_in(year, month);
  *TimeFields = {static_cast<CSHORT>(year),
                 static_cast<CSHORT>(month),
                 static_cast<CSHORT>(rest + 1),
                 static_cast<CSHORT>(milliseconds / 3'600'000),
                 static_cast<CSHORT>(milliseconds / 60'000 % 60),
                 static_cast<CSHORT>(milliseconds / 1000 % 60),
                 static_cast<CSHORT>(milliseconds % 1000),
                 static_cast<CSHORT>((day + 1) % 7)};
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time) {
  TIME_FIELDS const& fields = *TimeFields;
  if (!is_between(fields.Year, first_year, last_year) || !is_between(fields.Month, 1, 12) ||
      !is_between(fields.Day, 1, days_in(fields.Year, fields.Month)) ||
      !is_between(fields.Hour, 0, 23) || !is_between(fields.Minute, 0, 59) ||
      !is_between(fields.Second, 0, 59) || !is_between(fields.Milliseconds, 0, 999))
    return FALSE;
  LONG day = days_before(fields.Year) + fields.Day - 1;
  for (LONG month = 1; month < fields.Month; ++month) day += days_in(fields.Year, month);
  LONGLONG const milliseconds =
      ((LONGLONG{fields.Hour} * 60 + fields.Minute) * 60 + fields.Second) * 1000 +
      fields.Milliseconds;
  Time->QuadPart = day * ticks_a_day + milliseconds * ticks_a_millisecond;
  return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  return seconds_since(seconds_to_1970, Time->QuadPart, *ElapsedSeconds);
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds) {
  return seconds_since(seconds_to_1980, Time->QuadPart, *ElapsedSeconds);
}

VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  Time->QuadPart = (seconds_to_1970 + ElapsedSeconds) * ticks_a_second;
}

VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time) {
  Time->QuadPart = (seconds_to_1980 + ElapsedSeconds) * ticks_a_second;
}
