#!/bin/sh
# not_there.sh CMAKE FOLDER TARGET: the target in that build folder is a driver that must not link, and the linker says
# which routine is not there.
said=$("$1" --build "$2" --target "$3" 2>&1) && { echo "$3 was linked"; exit 1; }
echo "$said" | grep 'undefined symbol: NotThereAtAll' || { echo "$said"; exit 1; }
