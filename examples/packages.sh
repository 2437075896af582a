# Debian packages that the two install scripts need, and how they are installed. Sourced, not run.

run_packages="build-essential cmake ninja-build pkg-config libfftw3-dev libhdf5-dev libcjson-dev libmuparser-dev libxxhash-dev nettle-dev libopenblas-pthread-dev liblapacke-dev libgsl-dev"
test_packages="libcmocka-dev python3-pytest python3-h5py python3-numpy python3-scipy python3-jsonschema python3-xarray python3-netcdf4 python3-h5netcdf python3-matplotlib netcdf-bin hdf5-tools"

# Print those of the named packages that are not installed.
missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
    done
}

# Install what is missing of the named packages; does nothing, and needs no rights, when all are there.
install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not a Debian system; install what corresponds to: $*" >&2
        return 0
    fi
    missing=$(missing_packages "$@")
    [ -z "$missing" ] && return 0
    echo "Installing: "$missing
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Please install as root: apt-get install "$missing >&2; return 1; }
        sudo=sudo
    fi
    $sudo apt-get update -q
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}
