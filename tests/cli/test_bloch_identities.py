"""If this fails, responses of a crystal depend on how it is described, break a symmetry that they must have, or miss a closed form."""
import json

import numpy as np
import pytest
from scipy.integrate import quad

E, H, HBAR, KB, ME = 1.602176634e-19, 6.62607015e-34, 1.054571817646156e-34, 1.380649e-23, 9.1093837015e-31
LINEAR = ["s", "n", "sigma_D", "sigma_H", "sigma_inter", "alpha_H", "alpha_D", "alpha_S", "fg", "fG"]
SECOND = ["T1", "T2", "sigma2", "berry_dipole", "nonlinear_drude"]


@pytest.fixture
def bloch(call, write, tmp_path):
    def run(section, code=0):
        base = {"temperature": "900 K", "chemical_potential": "0.2 eV", "relaxation_time": "40 fs", "energy_unit": "eV", "convergence": False}
        got = call("--json", "-f", "-o", tmp_path / "i.h5", write({"bloch": {**base, **section}}))
        line = json.loads(got.stdout)
        assert line["exit"] == code, got.stdout + got.stderr
        run.messages = got.stderr + got.stdout
        return {k: np.array(v) for k, v in line["results"]["bloch"].items()} if code == 0 else line["errors"]
    return run


def random_list(dim=2, bands=3, seed=5):
    """No symmetry, oblique lattice (angstrom), orbitals off the origin."""
    rng = np.random.default_rng(seed)
    lattice = (3.5 * np.eye(dim) + 0.6 * rng.normal(size=(dim, dim)))
    shifts = [np.eye(dim, dtype=int)[i] for i in range(dim)] + [np.array([1, -1, 0][:dim])]
    hoppings = [{"R": [int(x) for x in R], "from": i, "to": j, "value": list(0.4 * rng.normal(size=2))} for R in shifts for i in range(bands) for j in range(bands)]
    hoppings += [{"R": [0] * dim, "from": i, "to": j, "value": list(0.4 * rng.normal(size=2))} for i in range(bands) for j in range(i)]
    return {"lattice": lattice, "orbitals": rng.random((bands, dim)), "onsite": rng.normal(size=bands), "hoppings": hoppings}


def spelled(model):
    return {**model, "lattice": [[f"{x!r} angstrom" for x in map(float, row)] for row in model["lattice"]],
            "orbitals": [[float(x) for x in row] for row in model["orbitals"]], "onsite": [float(x) for x in model["onsite"]]}


def same(a, b, names, rtol=1e-9, factor=1.0):
    for name in names:
        scale = np.abs(a[name]).max()
        np.testing.assert_allclose(np.array(b[name]), factor * np.array(a[name]), rtol=rtol, atol=rtol * scale, err_msg=name)


def doubled(model):
    """The same crystal with a cell of twice the first vector."""
    bands, dim = len(model["onsite"]), len(model["lattice"])
    lattice = np.array(model["lattice"])
    lattice[0] *= 2
    orbitals = np.vstack([model["orbitals"], model["orbitals"]])
    orbitals[:, 0] /= 2
    orbitals[bands:, 0] += 0.5
    hoppings = []
    for hop in model["hoppings"]:
        for part in (0, 1):
            cell = hop["R"][0] + part
            hoppings.append({**hop, "R": [cell // 2] + hop["R"][1:], "from": hop["from"] + part * bands, "to": hop["to"] + cell % 2 * bands})
    assert dim == len(orbitals[0])
    return {"lattice": lattice, "orbitals": orbitals, "onsite": list(model["onsite"]) * 2, "hoppings": hoppings}


@pytest.mark.parametrize("dim", [2, 3])
def test_a_doubled_cell_is_the_same_crystal(bloch, dim):
    model, N = random_list(dim), {2: [20, 14], 3: [8, 6, 6]}[dim]
    names = LINEAR + SECOND
    a = bloch({"model": spelled(model), "kgrid": {"points": N}, "quantities": names})
    b = bloch({"model": spelled(doubled(model)), "kgrid": {"points": [N[0] // 2] + N[1:]}, "quantities": names})
    same(a, b, names, 1e-8)


def test_the_origin_of_the_cell_and_the_cell_of_an_orbital_do_not_matter(bloch):
    model = random_list(2)
    moved = {**model, "orbitals": np.array(model["orbitals"]) + [0.37, -1.21]}
    other = {**model, "orbitals": np.array(model["orbitals"])}
    other["orbitals"][1] += [1, -2]  # orbital 1 of the neighbouring cell instead
    shift = {1: np.array([1, -2])}
    other["hoppings"] = [{**h, "R": [int(x) for x in np.array(h["R"]) - shift.get(h["to"], 0) + shift.get(h["from"], 0)]} for h in model["hoppings"]]
    names = LINEAR + SECOND
    results = [bloch({"model": spelled(m), "kgrid": {"points": [18, 22]}, "quantities": names}) for m in (model, moved, other)]
    same(results[0], results[1], names)
    same(results[0], results[2], names)


@pytest.mark.parametrize("reflect", [False, True])
def test_tensors_turn_with_the_crystal(bloch, reflect):
    """A rotated or reflected (left-handed) lattice: polar tensors of every rank."""
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ (np.diag([1, -1]) if reflect else np.eye(2))
    model = random_list(2, seed=8)
    names = LINEAR + SECOND
    a = bloch({"model": spelled(model), "kgrid": {"points": [16, 18]}, "quantities": names + ["chern"]})
    b = bloch({"model": spelled({**model, "lattice": np.array(model["lattice"]) @ turn.T}), "kgrid": {"points": [16, 18]}, "quantities": names + ["chern"]})
    for name in names:
        value = a[name]
        for axis in range(2, value.ndim):
            value = np.moveaxis(np.tensordot(value, turn, axes=([axis], [1])), -1, axis)
        np.testing.assert_allclose(b[name], value, rtol=1e-9, atol=1e-9 * np.abs(value).max(), err_msg=name)
    np.testing.assert_array_equal(b["chern"], (-1 if reflect else 1) * a["chern"])


def test_time_reversal_forbids_hall_effects(bloch):
    """H and its complex conjugate as two spins: Kramers pairs without Hall response, twice the rest; real hoppings alone: no Hall either."""
    model = random_list(2, seed=2)
    bands = len(model["onsite"])
    both = {**model, "orbitals": np.vstack([model["orbitals"]] * 2), "onsite": list(model["onsite"]) * 2,
            "hoppings": model["hoppings"] + [{**h, "from": h["from"] + bands, "to": h["to"] + bands, "value": [h["value"][0], -h["value"][1]]}
                                             for h in model["hoppings"]]}
    even = ["s", "n", "sigma_D", "sigma_inter", "alpha_D", "fg"]
    one, two = (bloch({"model": spelled(m), "kgrid": {"points": [20, 20]}, "quantities": even + ["sigma_H", "alpha_H", "T1"]}) for m in (model, both))
    same(one, two, even, factor=2.0)
    for name in ("sigma_H", "alpha_H", "T1"):
        assert np.abs(two[name]).max() < 1e-12 * np.abs(one[name]).max(), name
    real = {**model, "hoppings": [{**h, "value": h["value"][0]} for h in model["hoppings"]]}
    got = bloch({"model": spelled(real), "kgrid": {"points": [20, 20]}, "quantities": ["sigma_H", "berry_dipole"]})
    assert np.abs(got["sigma_H"]).max() < 1e-12 * np.abs(one["sigma_H"]).max()
    assert np.abs(got["berry_dipole"]).max() > 0  # what time reversal leaves


def test_units_and_spin_factor(bloch):
    model = random_list(3, 2)
    eV = bloch({"model": spelled(model), "kgrid": {"points": [6, 5, 4]}, "quantities": LINEAR})
    joule = {**model, "onsite": np.array(model["onsite"]) * E, "hoppings": [{**h, "value": [E * x for x in h["value"]]} for h in model["hoppings"]]}
    same(eV, bloch({"model": spelled(joule), "kgrid": {"points": [6, 5, 4]}, "quantities": LINEAR, "energy_unit": "J"}), LINEAR)
    same(eV, bloch({"model": spelled(model), "kgrid": {"points": [6, 5, 4]}, "quantities": LINEAR, "spin_factor": 2}), LINEAR, factor=2.0)


@pytest.mark.parametrize("factor", [2.0])
def test_lengths_scale_as_they_must(bloch, factor):
    """2-D: sigma, alpha, fg do not know a; T1, T2, the dipole grow with it. 3-D: sigma, alpha fall as 1/a; T1, T2 stay."""
    for dim, linear, second in ((2, 1.0, factor), (3, 1 / factor, 1.0)):
        model = random_list(dim, 2, seed=3)
        large = {**model, "lattice": factor * np.array(model["lattice"])}
        a, b = (bloch({"model": spelled(m), "kgrid": {"points": [9, 8, 7][:dim]}, "quantities": LINEAR + SECOND}) for m in (model, large))
        same(a, b, ["sigma_D", "sigma_H", "sigma_inter", "alpha_H", "alpha_D", "fg"], factor=linear)
        same(a, b, ["T1", "T2", "sigma2", "nonlinear_drude"], factor=second)
        same(a, b, ["s", "n"], factor=factor ** -dim)


def test_schemes(bloch):
    """hall: no power, cyclic sum zero; adiabatic: its symmetric part is half the cyclic sum of T1; all from T1 and T2."""
    run = lambda scheme: bloch({"model": spelled(random_list(2, seed=6)), "kgrid": {"points": [24, 24]}, "quantities": ["T1", "T2", "sigma2"], "scheme": scheme})
    cyclic = lambda t: t + np.einsum("...abc->...bca", t) + np.einsum("...abc->...cab", t)
    hall, adiabatic, rta = run("hall"), run("adiabatic"), run("rta")
    T1, T2 = hall["T1"], hall["T2"]
    scale = np.abs(T1).max()
    assert np.abs(cyclic(hall["sigma2"])).max() < 1e-12 * scale and scale > 0
    np.testing.assert_allclose(cyclic(adiabatic["sigma2"]) / 3, cyclic(T1) / 2, atol=1e-12 * scale)
    np.testing.assert_allclose(cyclic(rta["sigma2"]) / 3, cyclic(T1) / 6 - cyclic(T2) / 3, atol=1e-12 * scale)
    for tensor in (T1, T2, hall["sigma2"], adiabatic["sigma2"], rta["sigma2"]):
        np.testing.assert_allclose(tensor, np.swapaxes(tensor, -1, -2), atol=1e-12 * scale)


GRAPHENE = {"lattice": np.array([[2.46, 0], [1.23, 2.46 * np.sqrt(3) / 2]]), "orbitals": np.array([[0, 0], [1 / 3, 1 / 3]]), "onsite": [0, 0],
            "hoppings": [{"R": R, "from": 0, "to": 1, "value": -2.7} for R in ([0, 0], [-1, 0], [0, -1])]}


@pytest.mark.parametrize("N", [24, 25, 26])
def test_graphene_with_and_without_its_nodes_on_the_grid(bloch, N):
    """N = 24 holds K exactly, where bands touch: finite, no Hall response, electron-hole symmetry, and the universal 4-fold optical conductivity nowhere forced."""
    got = bloch({"model": spelled(GRAPHENE), "kgrid": {"points": [N, N]}, "temperature": 3000, "chemical_potential": 0, "quantities": LINEAR + SECOND})
    assert all(np.isfinite(v).all() for v in got.values())
    assert np.abs(got["sigma_H"]).max() < 1e-16 and np.abs(got["alpha_D"]).max() < 1e-12 * KB / E * got["sigma_D"][0, 0, 0, 0]
    assert got["n"][0, 0] * (2.46e-10 ** 2 * np.sqrt(3) / 2) == pytest.approx(1, rel=1e-12)
    errors = bloch({"model": spelled(GRAPHENE), "kgrid": {"points": [24, 24]}, "quantities": ["chern"]}, code=5)
    assert "band 0" in errors[0]["message"]


def test_one_band_and_flat_bands(bloch):
    """cos band: Drude weight and density in closed form; a flat band carries nothing."""
    chain = {"lattice": 4.0 * np.eye(2), "orbitals": [[0, 0]], "onsite": [0], "hoppings": [{"R": [1, 0], "from": 0, "to": 0, "value": -0.5},
                                                                                              {"R": [0, 1], "from": 0, "to": 0, "value": -0.5}]}
    got = bloch({"model": spelled(chain), "kgrid": {"points": [160, 160]}, "quantities": LINEAR + ["bands"]})
    k = 2 * np.pi * np.arange(160) / 160
    e = -np.cos(k)[:, None] - np.cos(k)[None, :]
    f = 1 / (np.exp((e - 0.2) * E / (KB * 900)) + 1)
    np.testing.assert_allclose(got["bands"][..., 0], e * E, atol=1e-31)
    assert got["n"][0, 0] == pytest.approx(f.mean() / 16e-20, rel=1e-12)
    sea = (E ** 2 * 40e-15 / HBAR ** 2) * (f * np.cos(k)[:, None]).mean() * E  # by parts: sum f d2e/dk2
    assert got["sigma_D"][0, 0, 0, 0] == pytest.approx(sea, rel=1e-9)
    assert not got["sigma_H"].any() and not got["sigma_inter"].any() and not got["fg"].any()
    flat = {"lattice": 4.0 * np.eye(2), "orbitals": [[0, 0], [0.5, 0.3]], "onsite": [0.1, 0.3], "hoppings": []}
    got = bloch({"model": spelled(flat), "kgrid": {"points": [4, 4]}, "quantities": LINEAR})
    assert not any(got[name].any() for name in ("sigma_D", "sigma_H", "sigma_inter", "alpha_H", "alpha_S", "fg"))
    x = (np.array([0.1, 0.3]) - 0.2) * E / (KB * 900)
    f = 1 / (np.exp(x) + 1)
    assert got["s"][0, 0] == pytest.approx(-KB * (f * np.log(f) + (1 - f) * np.log(1 - f)).sum() / 16e-20, rel=1e-12)


def test_a_weyl_node_at_the_chemical_potential(bloch):
    got = bloch({"model": {"name": "weyl"}, "kgrid": {"points": [16, 16, 16]}, "temperature": 100, "chemical_potential": 0,
                 "quantities": LINEAR + SECOND})  # the grid holds the nodes at kz = +- pi/2
    assert all(np.isfinite(v).all() for v in got.values())
    assert abs(got["sigma_H"][0, 0, 0, 1]) == pytest.approx(E * E / H / (2 * 5e-10), rel=0.1)


@pytest.mark.parametrize("dim", [2, 3])
def test_parabolic_bands_are_a_free_gas(bloch, dim):
    """Density, entropy, Drude and entropy conductivity against Fermi integrals by quadrature; alpha_D = -(e tau/m) s."""
    mass, T, mu = 0.3, 300.0, 0.05
    grid = [160, 4] if dim == 2 else [160, 4, 4]
    got = bloch({"model": {"name": "parabolic", "mass": f"{mass} m_e", "cutoff": "1.5 eV", "dimension": dim}, "kgrid": {"points": grid}, "temperature": T,
                 "chemical_potential": mu, "quantities": ["n", "s", "sigma_D", "alpha_D"]})
    t = KB * T / E
    states = lambda e: (mass * ME / (2 * np.pi * HBAR ** 2) if dim == 2 else (2 * mass * ME) ** 1.5 * np.sqrt(e * E) / (4 * np.pi ** 2 * HBAR ** 3)) * E
    f = lambda e: 1 / (np.exp((e - mu) / t) + 1)
    entropy = lambda e: KB * (np.log1p(np.exp(-abs(e - mu) / t)) + abs(e - mu) / t / (np.exp(abs(e - mu) / t) + 1))
    integral = lambda g: quad(lambda e: states(e) * g(e), 0, 1.2, points=[mu, 0.15], epsabs=0, epsrel=1e-11, limit=400)[0]
    n, s = integral(f), integral(entropy)
    assert got["n"][0, 0] == pytest.approx(n, rel=1e-8) and got["s"][0, 0] == pytest.approx(s, rel=1e-8)
    assert got["sigma_D"][0, 0, 0, 0] == pytest.approx(n * E ** 2 * 40e-15 / (mass * ME), rel=1e-8)
    assert got["alpha_D"][0, 0, 0, 0] == pytest.approx(-s * E * 40e-15 / (mass * ME), rel=1e-8)


def test_checks_are_stored(bloch):
    got = bloch({"model": spelled(random_list(2)), "kgrid": {"points": [12, 12]}, "temperature": [300, 900], "field": [1e3, 2e3],
                 "quantities": ["sigma_H", "alpha_H", "entropy_production", "fg"]})
    for name, limit in {"onsager": 1e-10, "production_drude": 1e-10, "production_interband": 1e-10}.items():
        assert got[f"checks/{name}"].shape == (2, 1) and got[f"checks/{name}"].max() <= limit
    assert got["checks/curvature_sum"].max() < 1e-9 and got["checks/metric"].max() < 1e-9


def steady_state(tilt, N, field, T, rate, mu):
    """J_x, J_s,x (per unit of e eV a/hbar ...), entropy production and dS/dt of tilted QWZ in a field along x, to all orders: the kinetic equation solved for
    rho on a line of k at a time, with the spectral derivative along it."""
    k = 2 * np.pi * np.arange(N) / N
    order = np.fft.fftfreq(N, 1 / N)
    order[N // 2] = 0
    derivative = np.fft.ifft(1j * order[:, None] * np.fft.fft(np.eye(N), axis=0), axis=0).real
    sx, sy, sz, one = (np.array(m, complex) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]], [[1, 0], [0, 1]]))
    g = lambda y: np.log((1 - y) / y)
    apply = lambda f, m: (lambda e, U: np.einsum("kab,kb,kcb->kac", U, f(e), U.conj()))(*np.linalg.eigh(m))
    J = production = change = entropy_current = 0.0
    for y in k:
        h = (np.sin(k)[:, None, None] * sx + np.sin(y) * sy + (-1.2 + np.cos(k)[:, None, None] + np.cos(y)) * sz + tilt * np.sin(k)[:, None, None] * one)
        v = np.cos(k)[:, None, None] * sx - np.sin(k)[:, None, None] * sz + tilt * np.cos(k)[:, None, None] * one
        rho0 = apply(lambda e: 1 / (np.exp((e - mu) / T) + 1), h)
        # -i [h, rho] + field d rho - rate (rho - rho0) = 0, rho as a vector [k, a, b]
        L = np.zeros((N, 4, N, 4), complex)
        for i in range(N):
            L[i, :, i, :] += -1j * (np.kron(h[i], one) - np.kron(one, h[i].T)) - rate * np.eye(4)
        for c in range(4):
            L[:, c, :, c] += field * derivative
        rho = np.linalg.solve(L.reshape(4 * N, 4 * N), -rate * rho0.reshape(-1)).reshape(N, 2, 2)
        rho = (rho + np.swapaxes(rho.conj(), 1, 2)) / 2
        J += np.einsum("kab,kba->", v, rho).real / N ** 2
        slope = apply(g, rho)
        production -= rate * np.einsum("kab,kba->", slope - apply(g, rho0), rho - rho0).real / N ** 2
        change -= rate * np.einsum("kab,kba->", slope, rho - rho0).real / N ** 2
        eta = apply(lambda f: -(f * np.log(f) + (1 - f) * np.log(1 - f)), rho)
        entropy_current += np.einsum("kab,kba->", v, eta).real / N ** 2
    return J, production, entropy_current


def test_exact_steady_states(bloch):
    """The spec's values of a strong field, E.J/T = Spohn's entropy production to all orders, and the program's conductivity as the limit of a weak one."""
    a, T, tau = 5e-10, 3000.0, HBAR / (0.1 * E)
    J, production, entropy_current = steady_state(0.3, 64, 0.05, KB * T / E, 0.1, 1.0)
    current = -E * (E / HBAR) * a / a ** 2 * J
    assert abs(current) == pytest.approx(14679.70675, rel=1e-8)
    assert KB * E / HBAR / a ** 2 * production == pytest.approx(489323558.409, rel=1e-9)
    assert KB * E / HBAR / a ** 2 * production == pytest.approx(abs(current) * 0.05 / a / T, rel=1e-10)
    assert KB * (E / HBAR) / a * entropy_current == pytest.approx(-1.962043717, rel=1e-7)
    weak = [steady_state(0.3, 48, sign * 1e-3, KB * T / E, 0.1, 1.0) for sign in (1, -1)]
    sigma = abs(-E * (E / HBAR) / a * (weak[0][0] - weak[1][0]) / (2 * 1e-3 / a))
    alpha = KB * (E / HBAR) / a * (weak[0][2] - weak[1][2]) / (2 * 1e-3 / a)
    got = bloch({"model": {"name": "tilted_qwz"}, "kgrid": {"points": [48, 48]}, "temperature": T, "chemical_potential": 1.0, "relaxation_time": tau,
                 "field": [1e-3 / a, 0], "quantities": ["sigma_D", "sigma_inter", "alpha_S", "entropy_production"]})
    assert got["sigma_D"][0, 0, 0, 0] + got["sigma_inter"][0, 0, 0, 0] == pytest.approx(sigma, rel=3e-4)
    assert got["alpha_S"][0, 0, 0, 0] == pytest.approx(alpha, rel=3e-4)
    assert got["entropy_production"][0, 0] == pytest.approx(KB * E / HBAR / a ** 2 * (weak[0][1] + weak[1][1]) / 2, rel=3e-4)
