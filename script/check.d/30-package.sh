# The installed library, used from outside the tree.

package_works() {
  build test mica mica_explore mica_tool
  cmake --install build/test --prefix "$work/prefix" &&
    cp -r examples/first-test examples/driver examples/explored "$work" &&
    cmake -S "$work/first-test" -B "$work/outside" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" &&
    cmake --build "$work/outside" && "$work/outside/first-test" &&
    cmake -S "$work/driver" -B "$work/drives" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" &&
    cmake --build "$work/drives" && "$work/drives/driver" &&
    "$work/prefix/bin/mica" explore "$work/drives/greeter.sys" --script tests/drivers/cancel.script --list &&
    cmake -S "$work/explored" -B "$work/explores" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" &&
    cmake --build "$work/explores" && tests/explore/example.sh "$work/explores/explored"
}

claim package "the installed package builds and runs its examples outside the tree" package_works
