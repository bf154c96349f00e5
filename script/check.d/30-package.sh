# The installed library, used from outside the tree.

package_works() {
  build test mica
  cmake --install build/test --prefix "$work/prefix" &&
    cp -r examples/first-test "$work/first-test" &&
    cmake -S "$work/first-test" -B "$work/outside" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" &&
    cmake --build "$work/outside" && "$work/outside/first-test"
}

claim package "the installed package builds and runs an example outside the tree" package_works
