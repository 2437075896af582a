"""Keys of the source gas."""
BASES = {
    "gas": {
        "grid": {"points": [10, 9], "lengths": ["10 um", "9 um"], "thickness": "1 um"},
        "entropy": {"source": "gas", "statistics": "bose", "mass": "87 u", "temperature": "1e-7*(1 + 0.2*sin(2*pi*x/1e-5))", "density": "1e19"},
        "output": {"file": "out.h5"},
    },
    "trapped": {
        "grid": {"points": [10, 9], "lengths": ["10 um", "9 um"]},
        "entropy": {"source": "gas", "statistics": "fermi", "mass": "40 u", "temperature": "1 uK", "chemical_potential": "1e-29 J", "trap": "1e-28*(x/1e-5)^2"},
        "output": {"file": "out.h5"},
    },
}
CASES = {
    "source_gas.source": [("gas", "entropy.source", "gaz", 3)],
    "source_gas.quantity": [("gas", "entropy.quantity", "density", 3), ("gas", "entropy", {"product": [1e-25, "1 kg m^2 s^-2 K^-1", {**BASES["gas"]["entropy"], "quantity": "density"}]})],
    "source_gas.statistics": [("gas", "entropy.statistics", "fermi"), ("gas", "entropy.statistics", "classical")],
    "source_gas.mass": [("gas", "entropy.mass", "23 u"), ("gas", "entropy.mass", 0, 3), ("gas", "entropy.mass", "1 m", 3)],
    "source_gas.temperature": [("gas", "entropy.temperature", "200 nK"), ("gas", "entropy.temperature", -1, 3), ("gas", "entropy.temperature", "x - 5e-6", 4)],
    "source_gas.degeneracy": [("gas", "entropy.degeneracy", 2), ("gas", "entropy.degeneracy", 0, 3)],
    "source_gas.density": [("gas", "entropy.density", "2e19"), ("gas", "entropy.density", "-x", 4), ("trapped", "entropy.density", 1e19, 3)],
    "source_gas.chemical_potential": [("trapped", "entropy.chemical_potential", "2e-29 J"), ("gas", "entropy.chemical_potential", 0, 3)],
    "source_gas.trap": [("trapped", "entropy.trap", "2e-28*(x/1e-5)^2"), ("gas", "entropy.trap", "x", 3)],
}
