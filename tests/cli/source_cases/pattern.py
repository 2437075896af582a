"""Keys of the source pattern."""
GRID = {"points": [20, 18], "lengths": [1.0, 0.9]}
DOTS = {"source": "pattern", "kind": "dots", "period": 0.5, "size": 0.3, "inside": 2, "outside": "1 + x"}
BASES = {
    "dots": {"grid": GRID, "entropy": DOTS, "boundary": {"x": "natural", "y": "natural"}, "output": {"file": "out.h5"}},
    "shaken": {"grid": GRID, "entropy": {**DOTS, "jitter": 0.1, "seed": 1}, "output": {"file": "out.h5"}},
    "stripes": {"grid": GRID, "entropy": {**DOTS, "kind": "stripes"}, "output": {"file": "out.h5"}},
    "line": {"grid": {"points": [20], "lengths": [1.0]}, "entropy": {**DOTS, "kind": "stripes"}, "output": {"file": "out.h5"}},
}
CASES = {
    "source_pattern.source": [("dots", "entropy.source", "patern", 3)],
    "source_pattern.kind": [("dots", "entropy.kind", "antidots"), ("dots", "entropy.kind", "stripes"), ("line", "entropy.kind", "dots", 3)],
    "source_pattern.period": [("dots", "entropy.period", 0.45), ("dots", "entropy.period", 0.2, 3), ("dots", "entropy.period", 0, 3)],
    "source_pattern.size": [("dots", "entropy.size", 0.4), ("dots", "entropy.size", 0.6, 3), ("stripes", "entropy.size", 0.2)],
    "source_pattern.lattice": [("dots", "entropy.lattice", "hexagonal"), ("stripes", "entropy.lattice", "square", 3)],
    "source_pattern.axis": [("stripes", "entropy.axis", "y"), ("dots", "entropy.axis", "x", 3), ("stripes", "entropy.axis", "z", 3)],
    "source_pattern.jitter": [("shaken", "entropy.jitter", 0.05), ("shaken", "entropy.jitter", 0.3, 3), ("shaken", "entropy.jitter", 0)],
    "source_pattern.seed": [("shaken", "entropy.seed", 2), ("dots", "entropy.seed", 2, 3)],
    "source_pattern.antialias": [("dots", "entropy.antialias", True)],
    "source_pattern.inside": [("dots", "entropy.inside", "3 + y"), ("dots", "entropy.inside", "1 V", 3)],
    "source_pattern.outside": [("dots", "entropy.outside", 0.5)],
}
