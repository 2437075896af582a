"""Keys of the source random."""
GRID = {"points": [10, 9], "lengths": [1.0, 0.9]}
RANDOM = {"source": "random", "seed": 1, "mean": 5, "rms": 2, "correlation_length": 0.3}
BASES = {
    "disorder": {"grid": GRID, "entropy": RANDOM, "output": {"file": "out.h5"}},
    "steep": {"grid": GRID, "entropy": {**RANDOM, "spectrum": "power", "exponent": 5}, "output": {"file": "out.h5"}},
    "two phases": {
        "grid": GRID, "entropy": {"source": "random", "seed": 1, "correlation_length": 0.3, "phases": {"fraction": 0.4, "inside": "2 + x", "outside": 1}},
        "output": {"file": "out.h5"},
    },
    "cut": {"grid": GRID, "entropy": {**RANDOM, "phases": {"level": 5.5, "inside": 2, "outside": 1}}, "output": {"file": "out.h5"}},
}
CASES = {
    "source_random.source": [("disorder", "entropy.source", "randon", 3)],
    "source_random.seed": [("disorder", "entropy.seed", 2), ("disorder", "entropy.seed", 1.5, 3), ("disorder", "entropy.seed", -1, 3)],
    "source_random.mean": [("disorder", "entropy.mean", 6), ("two phases", "entropy.mean", 6, 3), ("disorder", "entropy.mean", "1 V", 3)],
    "source_random.rms": [("disorder", "entropy.rms", 3), ("disorder", "entropy.rms", -1, 3), ("two phases", "entropy.rms", 2, 3),
                          ("disorder", "entropy", {k: v for k, v in RANDOM.items() if k != "rms"}, 3)],
    "source_random.correlation_length": [("disorder", "entropy.correlation_length", 0.4), ("disorder", "entropy.correlation_length", 0, 3)],
    "source_random.spectrum": [("disorder", "entropy.spectrum", "exponential"), ("disorder", "entropy.spectrum", "power", 3)],
    "source_random.exponent": [("steep", "entropy.exponent", 4), ("steep", "entropy.exponent", 2, 3), ("disorder", "entropy.exponent", 4, 3)],
    "source_random.statistics": [("disorder", "entropy.statistics", "sample"), ("two phases", "entropy.statistics", "sample")],
    "source_random.phases": [("disorder", "entropy.phases", {"level": 5, "inside": 2, "outside": 1}), ("disorder", "entropy.phases", {}, 3)],
    "source_random_phases.fraction": [("two phases", "entropy.phases.fraction", 0.7), ("two phases", "entropy.phases.fraction", 1.1, 3),
                                      ("cut", "entropy.phases.fraction", 0.7, 3)],
    "source_random_phases.level": [("cut", "entropy.phases.level", 4.5), ("two phases", "entropy.phases.level", 4.5, 3)],
    "source_random_phases.inside": [("two phases", "entropy.phases.inside", "3 - y"), ("two phases", "entropy.phases.inside", "1 V", 3)],
    "source_random_phases.outside": [("two phases", "entropy.phases.outside", "y")],
}
