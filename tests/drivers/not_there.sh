#!/bin/sh
# not_there.sh CMAKE FOLDER TARGET TEXT: the target in that build folder is a driver that must not be built, and the
# compiler or the linker says this text.
said=$("$1" --build "$2" --target "$3" 2>&1) && { echo "$3 was built"; exit 1; }
echo "$said" | grep -F -- "$4" || { echo "$said"; exit 1; }
