"""Keys of the source thermal."""
import h5py
import numpy as np


def inputs(folder):
    energy = np.linspace(-0.3, 0.3, 61)
    for name, factor in (("dos.h5", 1.0), ("dos2.h5", 1.4)):
        with h5py.File(folder / name, "w") as file:
            file["E"], file["F"] = energy, 1.1 * energy
            file["g"], file["k"] = factor * 1e46 * (0.09 - energy**2), 2e46 * (0.09 - energy**2)
            for key in "EF":
                file[key].attrs["units"] = "eV"


def film(**model):
    return {
        "grid": {"points": [10, 9], "lengths": ["10 nm", "9 nm"]},
        "entropy": {"source": "thermal", "temperature": "300*(1 + 0.1*sin(2*pi*x/1e-8))", **model},
        "output": {"file": "out.h5"},
    }


BULK = {"chemical_potential": "30 meV", "band": {"dimension": 3, "mass": "0.3 m_e"}}
BASES = {
    "bulk": film(**BULK),
    "layer": film(chemical_potential="30 meV", band={"dimension": 2, "mass": "0.3 m_e", "thickness": "5 nm"}),
    "nanowire": film(chemical_potential="30 meV", band={"dimension": 1, "mass": "0.3 m_e", "cross_section": "25 nm^2"}),
    "tabulated": film(chemical_potential=0, dos={"hdf5": "dos.h5", "dataset": "/g", "energies": "/E"}),
    "metal": film(sommerfeld=70),
    "phonons": film(debye={"temperature": 428, "atoms_per_volume": "60 nm^-3"}),
}
CASES = {
    "source_thermal.source": [("bulk", "entropy.source", "thermic", 3)],
    "source_thermal.quantity": [("bulk", "entropy.quantity", "density", 3), ("metal", "entropy.quantity", "density", 3),
                                ("bulk", "entropy", {"product": ["1 k J/K", 1e-26, {**BASES["bulk"]["entropy"], "quantity": "density"}]}, 3),
                                ("bulk", "entropy", {"product": ["1e-23 J/K", {**BASES["bulk"]["entropy"], "quantity": "density"}]})],
    "source_thermal.temperature": [("bulk", "entropy.temperature", "310*(1 + 0.1*sin(2*pi*x/1e-8))"), ("bulk", "entropy.temperature", "-x", 4),
                                   ("bulk", "entropy.temperature", -1, 3)],
    "source_thermal.chemical_potential": [("bulk", "entropy.chemical_potential", "40 meV"), ("metal", "entropy.chemical_potential", 0, 3),
                                          ("tabulated", "entropy.chemical_potential", "20 meV")],
    "source_thermal.band": [("bulk", "entropy.band", {"dimension": 3, "mass": "0.4 m_e"}), ("metal", "entropy.band", {"dimension": 3, "mass": 1}, 3)],
    "source_thermal_band.dimension": [("bulk", "entropy.band", {"dimension": 2, "mass": "0.3 m_e", "thickness": 1e-9}), ("bulk", "entropy.band.dimension", 2, 3),
                                      ("bulk", "entropy.band.dimension", 4, 3)],
    "source_thermal_band.mass": [("bulk", "entropy.band.mass", "0.4 m_e"), ("bulk", "entropy.band.mass", 0, 3)],
    "source_thermal_band.edge": [("bulk", "entropy.band", {**BULK["band"], "edge": "5 meV"}), ("bulk", "entropy.band.edge", "1 V", 3)],
    "source_thermal_band.degeneracy": [("bulk", "entropy.band.degeneracy", 12), ("bulk", "entropy.band.degeneracy", 0, 3)],
    "source_thermal_band.thickness": [("layer", "entropy.band.thickness", "6 nm"), ("bulk", "entropy.band.thickness", "6 nm", 3)],
    "source_thermal_band.cross_section": [("nanowire", "entropy.band.cross_section", "30 nm^2"), ("layer", "entropy.band.cross_section", "30 nm^2", 3)],
    "source_thermal.dos": [("bulk", "entropy.dos", {"hdf5": "dos.h5", "dataset": "/g", "energies": "/E"}, 3)],
    "source_thermal_dos.hdf5": [("tabulated", "entropy.dos.hdf5", "dos2.h5"), ("tabulated", "entropy.dos.hdf5", "none.h5", 4)],
    "source_thermal_dos.dataset": [("tabulated", "entropy.dos.dataset", "/k"), ("tabulated", "entropy.dos.dataset", "/none", 4)],
    "source_thermal_dos.energies": [("tabulated", "entropy.dos.energies", "/F"), ("tabulated", "entropy.dos.energies", "/none", 4)],
    "source_thermal.sommerfeld": [("metal", "entropy.sommerfeld", 80), ("metal", "entropy.sommerfeld", "-x", 4), ("bulk", "entropy.sommerfeld", 1, 3)],
    "source_thermal.debye": [("bulk", "entropy.debye", {"temperature": 1, "atoms_per_volume": 1}, 3)],
    "source_thermal_debye.temperature": [("phonons", "entropy.debye.temperature", 300), ("phonons", "entropy.debye.temperature", 0, 3)],
    "source_thermal_debye.atoms_per_volume": [("phonons", "entropy.debye.atoms_per_volume", 1e28), ("phonons", "entropy.debye.atoms_per_volume", -1, 3)],
}
