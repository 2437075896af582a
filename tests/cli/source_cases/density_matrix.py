"""Keys of the source density_matrix."""
import h5py
import numpy as np


def inputs(folder):
    rng = np.random.default_rng(4)
    a = rng.normal(size=(9, 10, 3, 3)) + 1j * rng.normal(size=(9, 10, 3, 3))
    rho = a @ a.conj().swapaxes(-1, -2)
    rho /= np.trace(rho, axis1=-2, axis2=-1)[..., None, None]
    psi = rng.normal(size=(9, 10, 2, 3)) + 1j * rng.normal(size=(9, 10, 2, 3))
    psi /= np.linalg.norm(psi, axis=-1)[..., None]
    for name, factor in (("rho.h5", 1), ("rho2.h5", -1)):
        with h5py.File(folder / name, "w") as file:
            file["rho"] = rho[::factor]
            file["more"] = np.roll(rho, 3, axis=1)
            file["counted"] = 2e27 * rho
            file["rough"] = rho + np.diag([3e-8, 0, 0])
            file["psi"], file["phi"] = psi, psi[::-1]
            file["w"], file["v"], file["off"] = [0.25, 0.75], [0.5, 0.5], [0.3, 0.75]


BASES = {
    "matrices": {
        "grid": {"points": [10, 9], "lengths": ["10 nm", "9 nm"]},
        "entropy": {"source": "density_matrix", "hdf5": "rho.h5", "dataset": "/rho", "cell_volume": "1 nm^3"},
        "output": {"file": "out.h5"},
    },
    "pure": {
        "grid": {"points": [10, 9], "lengths": ["10 nm", "9 nm"]},
        "entropy": {"source": "density_matrix", "hdf5": "rho.h5", "states": "/psi", "weights": "/w", "density": "1e27*(1 + x/1e-8)"},
        "output": {"file": "out.h5"},
    },
}
CASES = {
    "source_density_matrix.source": [("matrices", "entropy.source", "density", 3)],
    "source_density_matrix.hdf5": [("matrices", "entropy.hdf5", "rho2.h5"), ("matrices", "entropy.hdf5", "none.h5", 4)],
    "source_density_matrix.dataset": [("matrices", "entropy.dataset", "/more"), ("matrices", "entropy.dataset", "/w", 4), ("pure", "entropy.dataset", "/rho", 3)],
    "source_density_matrix.states": [("pure", "entropy.states", "/phi"), ("matrices", "entropy.states", "/psi", 3)],
    "source_density_matrix.weights": [("pure", "entropy.weights", "/v"), ("pure", "entropy.weights", "/off", 4), ("matrices", "entropy.weights", "/w", 3)],
    "source_density_matrix.cell_volume": [("matrices", "entropy.cell_volume", "2 nm^3"), ("matrices", "entropy.cell_volume", 0, 3),
                                          ("matrices", "entropy.cell_volume", "2 nm", 3)],
    "source_density_matrix.density": [("pure", "entropy.density", "2e27"), ("matrices", "entropy.density", 1e27, 3)],
    "source_density_matrix.trace": [("matrices", "entropy", {"source": "density_matrix", "hdf5": "rho.h5", "dataset": "/counted", "density": 2e27, "trace": "density"}),
                                    ("matrices", "entropy.trace", "density", 3), ("matrices", "entropy.dataset", "/counted", 4)],
    "source_density_matrix.tolerance": [("matrices", "entropy", {**BASES["matrices"]["entropy"], "dataset": "/rough", "tolerance": 1e-6}),
                                        ("matrices", "entropy.dataset", "/rough", 4), ("matrices", "entropy.tolerance", 0, 3)],
}
