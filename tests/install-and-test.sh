#!/bin/sh
# Installs what is missing for the program and its tests (Debian packages), builds with warnings as errors and runs all tests.
# Usage, from the top of the source tree: sh tests/install-and-test.sh [arguments of ctest]
set -eu
cd "$(dirname "$0")/.."
. examples/packages.sh

install_packages $run_packages $test_packages
cmake -S . -B build -G Ninja -DQEP_BUILD_TESTS=ON -DQEP_BUILD_BENCH=ON -DQEP_WERROR=ON
cmake --build build --parallel "$(nproc)"
ctest --test-dir build --output-on-failure --parallel 2 "$@"
