"""Small conductors for the tests of the section "transport": a level between wide bands, a wire with an obstacle."""


def level(**more):
    leads = [{"name": n, "kind": "wideband", "sites": [0], "gamma": f"{g} meV", "mu": f"{m} meV", "temperature": 300}
             for n, g, m in (("L", 10, 5), ("R", 20, -5))]
    return {"transport": {"hamiltonian": {"kind": "list", "onsite": ["20 meV"]}, "leads": leads, **more}}


def wire(**more):
    leads = [{"name": n, "kind": "strip", "face": f, "mu": m, "temperature": 20} for n, f, m in (("L", "x-low", "20 meV"), ("R", "x-high", "18 meV"))]
    return {"grid": {"points": [10, 8], "spacing": ["5 nm", "5 nm"], "thickness": "4 nm"},
            "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "3e-21*(x > 20e-9 && x < 26e-9 && y < 20e-9)"}, "leads": leads, **more}}
