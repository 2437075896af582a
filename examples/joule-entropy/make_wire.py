"""A wire of N sites (hopping 1 eV) between two leads 0.1 V apart at 300 K, with a floating thermoelectric probe of 0.1 eV on every site: the configuration, to standard output."""
import json
import sys

sites = int(sys.argv[1])
bonds = [{"from": i, "to": i + 1, "value": -1} for i in range(sites - 1)]
leads = [{"name": name, "kind": "strip", "sites": [site], "hopping": 1, "mu": mu, "temperature": 300} for name, site, mu in (("left", 0, 0.05), ("right", sites - 1, -0.05))]
probes = [{"name": f"p{i}", "kind": "thermoelectric", "sites": [i], "gamma": 0.1} for i in range(sites)]
print(json.dumps({"transport": {"energy_unit": "eV", "hamiltonian": {"kind": "list", "onsite": [0] * sites, "hoppings": bonds}, "leads": leads, "probes": probes, "site_fields": False}}))
