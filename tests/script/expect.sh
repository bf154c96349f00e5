# Sourced: expect STATUS TEXT command... runs a command that must end so and say so.

failures=0
expect() {
  local status=$1 text=$2 output got
  shift 2
  output=$("$@" 2>&1)
  got=$?
  if [ $got -ne "$status" ] || ! printf '%s\n' "$output" | grep -qF -- "$text"; then
    printf '%s\n  gave status %s instead of %s, or did not say "%s":\n%s\n' \
      "$*" $got "$status" "$text" "$output"
    failures=$((failures + 1))
  fi
}

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
