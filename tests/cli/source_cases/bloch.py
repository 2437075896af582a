"""Keys of the source bloch."""
SECTION = {"model": {"name": "qwz"}, "kgrid": {"points": [12, 12]}}
BASES = {
    "electrons": {
        "grid": {"points": [10, 9], "lengths": ["10 nm", "9 nm"], "thickness": "1 nm"}, "bloch": SECTION,
        "entropy": {"source": "bloch", "temperature": "300 + 20*sin(2*pi*x/1e-8)", "chemical_potential": "1.6e-19*(1 + 0.1*y/1e-8)", "thickness": "1 nm"},
        "output": {"file": "out.h5"},
    },
}
CASES = {
    "source_bloch.source": [("electrons", "entropy.source", "block", 3), ("electrons", "bloch", {**SECTION, "kgrid": {"points": [10, 12]}})],
    "source_bloch.temperature": [("electrons", "entropy.temperature", "200 K"), ("electrons", "entropy.temperature", "x - 5e-9", 4)],
    "source_bloch.chemical_potential": [("electrons", "entropy.chemical_potential", "1.1 eV"), ("electrons", "entropy.chemical_potential", "1 m", 3)],
    "source_bloch.thickness": [("electrons", "entropy.thickness", "2 nm"), ("electrons", "entropy.thickness", 0, 3)],
}
