# Drivers that others built, where they can be had: without them there is nothing to compare.

drivers_as_told() {
  script/fetch-binaries || { echo "skipped: no drivers to load"; return 0; }
  script/drivers --check
}

claim drivers "docs/drivers.md tells what becomes of drivers that others built, on both machines" drivers_as_told
