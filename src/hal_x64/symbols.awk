# The functions of an image, as assembly for its second link: `nm --numeric-sort --demangle IMAGE | awk -f symbols.awk`.
# A name loses its arguments; the linker collects the two sections between markers (kernel.ld).
function plain(name,   cut) {
  gsub(/\(anonymous namespace\)::/, "", name)
  gsub(/\[clone [^]]*\]/, "", name)
  sub(/^mica::/, "", name)
  cut = index(name, "(")
  if (cut > 1 && name !~ /operator\(\)|lambda/) name = substr(name, 1, cut - 1)
  gsub(/[\\"]/, "", name)
  return name
}
$2 ~ /^[tTwW]$/ && $1 ~ /^ffffffff8/ && $3 !~ /^(\.L|__text_)/ && $1 != last {
  last = $1
  name = $0
  sub(/^[^ ]+ [^ ]+ /, "", name)
  printf ".section mica_symbol_names, \"a\"\n%d: .asciz \"%s\"\n", ++count, plain(name)
  printf ".section mica_symbols, \"a\"\n.quad 0x%s, %db\n", $1, count
}
END { print ".section .note.GNU-stack, \"\", @progbits" }
