"""If this fails, an example that the README sends people to does not run, or does not give the number its README promises."""
import pathlib
import re

import h5py
import numpy as np
from scipy import constants

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def test_superlattice_gives_the_promised_potential(call, tmp_path):
    result = call("-q", EXAMPLES / "superlattice" / "superlattice.json")
    assert result.returncode == 0, result.stderr
    promised = float(re.search(r"`phi_max = (\S+) V`", (EXAMPLES / "superlattice" / "README.md").read_text()).group(1))
    kappa = constants.hbar * 45.16e-30 / (constants.e * constants.k * 100e-15)
    assert abs(promised / (kappa * 8e4) - 1) < 5e-5
    with h5py.File(tmp_path / "superlattice.h5") as file:
        phi, entropy = file["phi"][...], file["S"][...]
    expected = kappa * (entropy - entropy.mean())
    assert np.abs(phi - expected).max() <= 1e-12 * kappa * np.abs(entropy).max()
    assert abs(phi.max() / promised - 1) < 5e-5
