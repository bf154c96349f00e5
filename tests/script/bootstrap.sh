#!/usr/bin/env bash
# script/bootstrap: silent when nothing is missing, one clear line when it cannot install.
scripts=$1
. "$(dirname "$0")/expect.sh"

# A Debian on which `status` says what is installed, and an apt-get that cannot reach anything.
mkdir "$work/bin"
printf '#!/bin/sh\necho "%s"\n' '$STATUS' >"$work/bin/dpkg-query"
printf '#!/bin/sh\necho "E: no network"; exit 100\n' >"$work/bin/apt-get"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work/bin"/*
export PATH=$work/bin:$PATH

silent() { [ -z "$(STATUS=installed "$scripts/bootstrap" 2>&1)" ]; }
missing() { STATUS=not-installed "$scripts/bootstrap" "$@"; }
expect 0 '' silent
expect 1 'Missing Debian packages: cmake' missing --no-install
expect 1 'libevent-dev' missing --no-install --benchmarks
expect 1 'could not install: cmake' missing --yes
expect 1 'E: no network' missing --yes
expect 64 'unknown option' missing --fast
[ $failures -eq 0 ]
