#!/usr/bin/env python3
"""Makes temperature.h5: the temperature map of a copper film under a laser spot, as a thermoreflectance camera would give it,
but without noise, so that the expected numbers can be stated to many digits. Needs h5py and numpy.

The shape is what heat conduction in a thin film on a poor conductor gives: a core of the beam's width, and a tail that decays
over the healing length sqrt(conductivity * thickness / interface conductance), here sqrt(300 * 100e-9 / 1.2e7) m = 1.58 um.

    python3 examples/film/make_temperature.py [FILE]
"""
import pathlib
import sys

import h5py
import numpy as np

POINTS = (96, 64)                   # x, y
SPACING = 0.1e-6                    # m; samples at i*SPACING, both ends included: 9.5 um x 6.3 um
AMBIENT, RISE = 300.0, 62.0         # K
SPOT = (3.1e-6, 2.7e-6)             # m, off the centre, on a sample
BEAM = 0.9e-6                       # m, radius at 1/e^2
HEALING = 1.58e-6                   # m
CORE = 0.55                         # share of the rise that follows the beam


def temperature(x, y):
    """T in K at x, y in m; arrays that broadcast."""
    r2 = (x - SPOT[0]) ** 2 + (y - SPOT[1]) ** 2
    tail = np.exp(-(np.sqrt(r2 + BEAM**2) - BEAM) / HEALING)
    return AMBIENT + RISE * (CORE * np.exp(-2 * r2 / BEAM**2) + (1 - CORE) * tail)


def main(path):
    x, y = (SPACING * np.arange(n) for n in POINTS)
    with h5py.File(path, "w") as file:
        data = file.create_dataset("T", data=temperature(x[None, :], y[:, None]))
        data.attrs["units"] = "K"
        data.attrs["long_name"] = "temperature of a copper film under a laser spot (made by make_temperature.py)"
        for axis, (name, values) in enumerate((("y", y), ("x", x))):
            scale = file.create_dataset(name, data=values)
            scale.attrs["units"] = "m"
            scale.make_scale(name)
            data.dims[axis].attach_scale(scale)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("temperature.h5"))
