#!/bin/sh
# Installs what is missing (Debian packages), builds into ./build and solves a real example.
# Usage, from the top of the source tree: sh examples/install-and-run.sh
set -eu
cd "$(dirname "$0")/.."
. examples/packages.sh

install_packages $run_packages
cmake -S . -B build -G Ninja -DQEP_BUILD_TESTS=OFF -DQEP_BUILD_BENCH=OFF
cmake --build build --parallel "$(nproc)"

example=${QEP_EXAMPLE:-examples/superlattice/superlattice.json}
result=build/$(basename "$example" .json).h5
build/qep-solve --force --output "$result" "$example"

cat <<END

The result is $result. To look at it:
  h5dump -n $result                     what is in it      (package hdf5-tools)
  h5dump -A -g /data/0/results $result  numbers of the run
  python3 -c "import h5py; print(h5py.File('$result')['phi'][...])"
  ParaView, silx view and https://myhdf5.hdfgroup.org open it as it is.
Next: build/qep-solve --help, docs/configuration.md, and the other folders of examples/.
To install: cmake --install build --prefix ~/.local
END
