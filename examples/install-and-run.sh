#!/bin/sh
# Installs what is missing (Debian packages), builds into ./build and solves a real example.
# Usage, from the top of the source tree: sh examples/install-and-run.sh          (QEP_EXAMPLE names another configuration)
set -eu
cd "$(dirname "$0")/.."
. examples/packages.sh

install_packages $run_packages
cmake -S . -B build -G Ninja -DQEP_BUILD_TESTS=OFF -DQEP_BUILD_BENCH=OFF
cmake --build build --parallel "$(nproc)"

example=${QEP_EXAMPLE:-examples/film/film.json}
name=$(basename "$example" .json)
result=build/$name.h5
line=$(build/qep-solve --force --json --output "$result" "$example")

echo
echo "The result is $result, made from $example:"
echo "$line" | sed -n 's/.*"phi_min":\([^,}]*\),"phi_max":\([^,}]*\).*/  phi_min = \1, phi_max = \2 (volts, unless the closure is literal)/p'
cat <<END
To look at it:
  h5dump -n $result                      # what is in it (package hdf5-tools)
  h5dump -A -g /data/0/results $result   # numbers of the run
  python3 -c "import h5py; print(h5py.File('$result')['phi'][...])"   # package python3-h5py
  silx view $result                      # or drop the file on https://myhdf5.hdfgroup.org: a picture of phi
  paraview build/$name.xdmf
$(dirname "$example")/README.md says what to expect and what it means.
Next: build/qep-solve --help, README.md, docs/configuration.md, and the other folders of examples/.
To install: cmake --install build --prefix ~/.local
END
