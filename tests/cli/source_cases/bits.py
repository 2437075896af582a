"""Keys of the source bits."""
GRID = {"points": [20, 18], "lengths": ["100 nm", "90 nm"], "thickness": "10 nm"}
ERASE = {"start": "1 ns", "interval": "1 ns", "duration": "0.5 ns"}
BITS = {"source": "bits", "period": "25 nm", "size": "20 nm", "unknown": 0.5, "seed": 1, "erase": ERASE}
BASES = {
    "register": {"grid": GRID, "entropy": BITS, "time": {"times": ["1.2 ns", "4.2 ns"]}, "output": {"file": "out.h5"}},
    "kept": {"grid": GRID, "entropy": {k: v for k, v in BITS.items() if k != "erase"}, "output": {"file": "out.h5"}},
    "bare": {"grid": {k: v for k, v in GRID.items() if k != "thickness"}, "entropy": {**BITS, "cell_volume": "1e4 nm^3"}, "output": {"file": "out.h5"}},
}
CASES = {
    "source_bits.source": [("register", "entropy.source", "bit", 3)],
    "source_bits.quantity": [("register", "entropy.quantity", "released"), ("kept", "entropy.quantity", "released", 3)],
    "source_bits.period": [("register", "entropy.period", "30 nm"), ("register", "entropy.period", "1 um", 3), ("register", "entropy.period", "1e-14", 3)],
    "source_bits.size": [("register", "entropy.size", "10 nm"), ("register", "entropy.size", "26 nm", 3)],
    "source_bits.cell_volume": [("bare", "entropy.cell_volume", "2e4 nm^3"), ("register", "entropy.cell_volume", "2e4 nm^3"),
                                ("bare", "entropy", BITS, 3)],
    "source_bits.unknown": [("register", "entropy.unknown", 0.9), ("register", "entropy.unknown", 1.5, 3)],
    "source_bits.seed": [("register", "entropy.seed", 2), ("register", "entropy", {"source": "bits", "period": "25 nm", "seed": 1}, 3)],
    "source_bits.erase": [("register", "entropy.erase", {"order": "all"}), ("register", "entropy.erase", {}, 3)],
    "source_bits_erase.start": [("register", "entropy.erase.start", "0 ns")],
    "source_bits_erase.interval": [("register", "entropy.erase.interval", "0.4 ns"), ("register", "entropy.erase", {"order": "all", "interval": 1}, 3)],
    "source_bits_erase.duration": [("register", "entropy.erase.duration", "2 ns"), ("register", "entropy.erase.duration", "-1 ns", 3)],
    "source_bits_erase.order": [("register", "entropy.erase.order", "random"), ("register", "entropy.erase", {"start": 0, "order": "all"})],
}
