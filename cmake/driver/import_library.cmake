# cmake -D EXPORTS=exports.inc -D LIBRARY=libntoskrnl.a -D DLLTOOL=llvm-dlltool -P import_library.cmake: what drivers
# are linked with, from the table of what Mica exports. A name that is not in it is not there for the linker either.
# Cells are exported as constants: their names are the entries of the import table, with __imp_ or without.

file(STRINGS ${EXPORTS} lines REGEX "^MICA_(ROUTINE|RUNTIME|CELL)")
list(TRANSFORM lines REPLACE "^MICA_(ROUTINE|RUNTIME).([^)]*).*" "  \\2")
list(TRANSFORM lines REPLACE "^MICA_CELL.([^)]*).*" "  \\1 CONSTANT")
list(JOIN lines "\n" names)
file(WRITE ${LIBRARY}.def "LIBRARY ntoskrnl.exe\nEXPORTS\n${names}\n")
execute_process(COMMAND ${DLLTOOL} -m i386:x86-64 -d ${LIBRARY}.def -l ${LIBRARY} COMMAND_ERROR_IS_FATAL ANY)
