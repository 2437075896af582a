"""If this fails, a long chain of floating probes does not recover the Joule entropy that the specification states (section g, N = 160)."""
import json

import pytest

E = 1.602176634e-19
H = 6.62607015e-34


def test_joule_entropy_of_160_probes(call, write):
    n = 160
    leads = [{"name": name, "kind": "strip", "sites": [site], "hopping": "1 eV", "mu": mu, "temperature": 300}
             for name, site, mu in (("L", 0, "0.05 eV"), ("R", n - 1, "-0.05 eV"))]
    probes = [{"name": f"p{i}", "kind": "thermoelectric", "sites": [i], "gamma": "0.1 eV"} for i in range(n)]
    hamiltonian = {"kind": "list", "onsite": [0] * n, "hoppings": [{"from": i, "to": i + 1, "value": "-1 eV"} for i in range(n - 1)]}
    path = write({"transport": {"hamiltonian": hamiltonian, "leads": leads, "probes": probes, "site_fields": False, "tolerance": 1e-9}})
    done = call("-f", "--json", path, timeout=1800)
    assert done.returncode == 0, done.stderr
    t = json.loads(done.stdout)["results"]["transport"]
    joule = t["I_N"][0] * 0.1 * E / 300
    assert sum(t["I_S"][2:]) / joule == pytest.approx(0.6480512, abs=6e-8)
    assert t["I_N"][0] * H / (0.1 * E) == pytest.approx(0.1998801242, rel=1e-9)
    assert min(t["I_S"][2:]) > 0
