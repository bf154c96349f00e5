#!/usr/bin/env bash
# The benchmark table: ratios of medians, peers, budgets, and a failure for what is over without a reason.
scripts=$1
. "$(dirname "$0")/expect.sh"

entry() { # NAME AGGREGATE TIME UNIT
  printf '{"name":"%s_%s","run_name":"%s","aggregate_name":"%s","cpu_time":%s,"time_unit":"%s"}' \
    "$1" "$2" "$1" "$2" "$3" "$4"
}
printf '{"context":{"num_cpus":2},"benchmarks":[%s,%s,%s,%s,%s,%s,%s]}' \
  "$(entry pool/ours median 9 ns)" "$(entry pool/ours mean 100 ns)" "$(entry pool/floor median 4 ns)" \
  "$(entry pool/peer:glibc median 0.018 us)" "$(entry timer/ours/1000 median 7 ns)" \
  "$(entry made/ours median 9 us)" \
  '{"run_name":"waste/ours/iterations:1","cpu_time":1,"time_unit":"ns","percent":30}' >"$work/result.json"
table() { python3 "$scripts/bench.d/table.py" --budgets "$work/budgets" "$@" "$work/result.json"; }

expect 0 '| pool | 9.0 | 4.0 | 2.25 |  | glibc 18.0 (2.0) |' table
expect 0 '| timer/1000 | 7.0 |  |  |  |  |' table
printf 'pool\t3\n' >"$work/budgets"
expect 0 '| 2.25 | 3 |' table
printf 'made\t10us\nwaste\t40%%\n' >"$work/budgets"
expect 0 '| waste | 30.0% |  |  | 40% |' table
printf 'made\t8us\tA reason.\nwaste\t25%%\tAnother.\n' >"$work/budgets"
expect 0 '- `made`: 1.12 times 8us (within the slack). A reason.' table
expect 0 '- `waste`: 1.20 times 25% (within the slack). Another.' table
printf 'pool\t1.5\n' >"$work/budgets"
expect 1 'does not say why' table
printf 'pool\t1.5\tIt keeps tags.\n' >"$work/budgets"
expect 0 '- `pool`: 2.25 instead of 1.5. It keeps tags.' table
printf '{"context":{},"benchmarks":[%s,%s,%s,%s,%s]}' \
  '{"run_name":"explore/lock/ours","cpu_time":2000,"time_unit":"ns","points":6.0,"switches":1.5}' \
  '{"run_name":"explore-races/lock/ours","cpu_time":4000,"time_unit":"ns","points":6.0,"switches":1.5}' \
  '{"run_name":"exhaust/lock/DPOR/iterations:1","cpu_time":1,"time_unit":"ns","executions":6,"more":0}' \
  '{"run_name":"exhaust/lock/2 deviations/iterations:1","cpu_time":1,"time_unit":"ns","executions":99,"more":1}' \
  '{"run_name":"find/count/PCT/iterations:1","cpu_time":1,"time_unit":"ns","executions":3,"more":0}' \
  >"$work/explored.json"
expect 0 '| lock | 6.0 | 1.5 | 500,000 | 3,000,000 | 250,000 | 1,500,000 |' table "$work/explored.json"
expect 0 '| lock | more than 99 | 6 |' table "$work/explored.json"
expect 0 '| count | 3 |' table "$work/explored.json"
printf '{"context":{},"benchmarks":[%s,%s,%s,%s]}' \
  '{"run_name":"grows/waiters/ours/10","cpu_time":20,"time_unit":"ns"}' \
  '{"run_name":"grows/waiters/ours/1000","cpu_time":30,"time_unit":"ns"}' \
  '{"run_name":"grows/work/ours/2/real_time","cpu_time":9,"time_unit":"ms","items_per_second":2500000}' \
  '{"run_name":"timer/set/ours/10","cpu_time":40,"time_unit":"ns"}' >"$work/grown.json"
expect 0 '| what | 2 | 10 | 1,000 |' table "$work/grown.json"
expect 0 '| waiters, ns |  | 20.0 | 30.0 |' table "$work/grown.json"
expect 0 '| work, million/s | 2.5 |  |  |' table "$work/grown.json"
expect 0 '| timer/set, ns |  | 40.0 |  |' table "$work/grown.json"
expect 0 '' table --document "$work/performance.md"
expect 0 'It keeps tags.' cat "$work/performance.md"
[ $failures -eq 0 ]
