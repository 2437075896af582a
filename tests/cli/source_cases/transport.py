"""Keys of the source transport."""
LEADS = [{"name": "L", "kind": "strip", "face": "x-low", "mu": "12 meV", "temperature": 30}, {"name": "R", "kind": "strip", "face": "x-high", "mu": "10 meV", "temperature": 20}]
SECTION = {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "5e-22*(y > 12e-9)", "region": {"x": ["10 nm", "32 nm"]}}, "leads": LEADS, "tolerance": 1e-6}
VOLTS = {"closure": "custom", "value": 1e6, "unit": "K m^3 J^-1 s^-1"}
GRID = {"points": [9, 5], "spacing": ["5 nm", "5 nm"]}
BASES = {
    "lattice": {"grid": GRID, "boundary": {"x": "natural", "y": "natural"}, "transport": SECTION, "coupling": VOLTS,
                "entropy": {"source": "transport", "entropy": "hs", "thickness": "4 nm"}, "output": {"file": "out.h5"}},
    "chain": {"grid": {"points": [12], "spacing": ["5 nm"]}, "boundary": {"x": "natural"}, "coupling": VOLTS,
              "transport": {**SECTION, "hamiltonian": {"kind": "grid", "mass": "0.067 m_e"}},
              "entropy": {"source": "transport", "cross_section": "25 nm^2"}, "output": {"file": "out.h5"}},
    "charged": {"grid": {**GRID, "thickness": "4 nm"}, "boundary": {"x": "dirichlet", "y": "dirichlet"}, "transport": SECTION,
                "charge": {"source": "transport", "quantity": "charge", "background": "1e17 cm^-3"}, "output": {"file": "out.h5"}},
}
CASES = {
    "source_transport.source": [("lattice", "entropy.source", "transprt", 3)],
    "source_transport.quantity": [("charged", "charge.quantity", "density", 3), ("charged", "charge.quantity", "charges", 3)],
    "source_transport.entropy": [("lattice", "entropy.entropy", "dist"), ("lattice", "entropy.entropy", "site"), ("lattice", "entropy.entropy", "hsx", 3),
                                 ("charged", "charge.entropy", "hs", 3)],
    "source_transport.thickness": [("lattice", "entropy.thickness", "5 nm"), ("lattice", "entropy.thickness", 0, 3), ("lattice", "entropy.thickness", "-1 nm", 3),
                                   ("lattice", "entropy", {"source": "transport"}, 3), ("chain", "entropy.thickness", "1 nm", 3)],
    "source_transport.cross_section": [("chain", "entropy.cross_section", "36 nm^2"), ("chain", "entropy", {"source": "transport"}, 3),
                                       ("lattice", "entropy.cross_section", 1e-18, 3)],
    "source_transport.background": [("charged", "charge.background", "2e17 cm^-3"), ("charged", "charge.background", "1e23*(1 + x/1e-8)"),
                                    ("lattice", "entropy.background", 1e20, 3)],
}
