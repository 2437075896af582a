"""If this fails, the entropy that a named source puts on the grid is not the one of its physics."""
import h5py
import numpy as np
import pytest
from scipy import constants, special

K = constants.k
H = constants.h
HBAR = H / (2 * np.pi)
ME = 9.1093837015e-31
U = 1.66053906660e-27


@pytest.fixture
def field(run, tmp_path):
    """field(source, points=[..], ...) -> S [nz, ny, nx] of a grid with lengths 1; the run's --json is in field.json."""

    def evaluate(source, points=(1,), expect=0, **sections):
        config = {"grid": {"points": list(points), "lengths": [1.0] * len(points)}, "entropy": source, "output": {"file": "s.h5", "fields": ["S"]}}
        for name, value in sections.items():
            config[name] = {**config.get(name, {}), **value}
        done = run(config, "-f")
        assert done.returncode == expect, done.stderr
        evaluate.json, evaluate.stderr = done.json, done.stderr
        if expect == 0:
            with h5py.File(tmp_path / "s.h5") as file:
                return file["S"][...]
        return done.stderr

    return evaluate


def density(source):
    """The number density of a source in the place of an entropy density."""
    return {"product": ["1 J/K", {**source, "quantity": "density"}]}


def four(mu, a, T, b):
    """chemical_potential and temperature on four samples: mu + a, mu - a at T, then T + b, T - b at mu."""
    return {"chemical_potential": f"{mu!r} + {a!r}*(x<0.25 ? 1 : x<0.5 ? -1 : 0)", "temperature": f"{T!r} + {b!r}*(x<0.5 ? 0 : x<0.75 ? 1 : -1)"}


# ---- Density matrices ----------------------------------------------------------------------------------------------------------

V = 1e-27
RNG = np.random.default_rng(20)


def matrices(path, rho, **more):
    with h5py.File(path, "w") as file:
        file["rho"] = rho
        for name, value in more.items():
            file[name] = value
    return {"source": "density_matrix", "hdf5": path.name, "dataset": "/rho", "cell_volume": V}


def random_rho(n, shape):
    a = RNG.normal(size=(*shape, n, n)) + 1j * RNG.normal(size=(*shape, n, n))
    rho = a @ a.conj().swapaxes(-1, -2)
    return rho / np.trace(rho, axis1=-2, axis2=-1)[..., None, None]


def random_unitary(n, shape):
    return np.linalg.qr(RNG.normal(size=(*shape, n, n)) + 1j * RNG.normal(size=(*shape, n, n)))[0]


def entropy(p):
    p = np.asarray(p)
    return -(p * np.log(np.where(p > 0, p, 1))).sum(-1)


@pytest.mark.parametrize("n", range(1, 9))
def test_maximally_mixed_states_have_k_ln_n(field, tmp_path, n):
    s = field(matrices(tmp_path / "rho.h5", np.tile(np.eye(n) / n, (4, 1, 1)).astype(complex)), [4])
    assert s * V / K == pytest.approx(np.log(n), abs=1e-14)


@pytest.mark.parametrize("n", range(1, 9))
def test_random_states_and_their_rotations(field, tmp_path, n):
    """[nz, ny, nx, n, n] in x, y, z order of the grid; the spectrum alone counts, whatever local unitary turns it."""
    p = RNG.dirichlet(np.ones(n), size=(3, 4, 5))
    for u in (np.eye(n), random_unitary(n, (3, 4, 5))):
        rho = (u * p[..., None, :]) @ np.conj(u).swapaxes(-1, -2)
        s = field(matrices(tmp_path / "rho.h5", rho.astype(complex)), [5, 4, 3])
        assert np.abs(s * V / K - entropy(p)).max() < 1e-13


@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-16, 1e-9, 0.1, 0.5])
def test_a_qubit(field, tmp_path, p):
    rho = np.array([[p, 0], [0, 1 - p]], complex)
    assert field(matrices(tmp_path / "rho.h5", rho[None]))[0] * V / K == pytest.approx(entropy([p, 1 - p]), abs=1e-14)


@pytest.mark.parametrize("w", [0.0, 1 / 3, 0.9, 1.0])
def test_a_werner_state(field, tmp_path, w):
    singlet = np.array([0, 1, -1, 0]) / np.sqrt(2)
    rho = w * np.outer(singlet, singlet) + (1 - w) / 4 * np.eye(4)
    expected = entropy([(1 + 3 * w) / 4] + 3 * [(1 - w) / 4])
    assert field(matrices(tmp_path / "rho.h5", rho[None].astype(complex)))[0] * V / K == pytest.approx(expected, abs=1e-14)


def test_three_levels_keep_their_digits_where_levels_meet(field, tmp_path):
    pairs = [(a, a * b) for a in (0, 1e-15, 1e-11, 1e-7, 1e-5, 1e-3, 0.0099, 0.0101, 0.1, 0.3333) for b in (1, 1 + 1e-9, 1.0001, 1.5, 3)]
    p = np.abs([[a, b, 1 - a - b] for a, b in pairs])
    p /= p.sum(-1, keepdims=True)
    u = random_unitary(3, (16, len(pairs)))
    rho = (u * p[:, None, :]) @ u.conj().swapaxes(-1, -2)
    rho = (rho + rho.conj().swapaxes(-1, -2)) / 2
    assert np.abs(field(matrices(tmp_path / "rho.h5", rho), [len(pairs), 16]) * V / K - entropy(p)).max() < 1e-13


def test_all_ways_to_store_a_matrix(field, tmp_path):
    rho = random_rho(3, (4, 5))
    source = matrices(tmp_path / "rho.h5", rho, split=np.stack([rho.real, rho.imag], -1), real=rho.real, single=rho.astype(np.complex64))
    expected = entropy(np.linalg.eigvalsh(rho))
    assert np.abs(field(source, [5, 4]) * V / K - expected).max() < 1e-13
    assert np.array_equal(field({**source, "dataset": "split"}, [5, 4]), field(source, [5, 4]))
    assert np.abs(field({**source, "dataset": "real"}, [5, 4]) * V / K - entropy(np.linalg.eigvalsh(rho.real))).max() < 1e-13
    assert np.abs(field({**source, "dataset": "single", "tolerance": 1e-6}, [5, 4]) * V / K - expected).max() < 1e-5
    assert "single precision" in field({**source, "dataset": "single"}, [5, 4], expect=4)


@pytest.mark.parametrize("m, n", [(1, 3), (2, 5), (5, 2), (3, 3)])
def test_pure_states_with_weights(field, tmp_path, m, n):
    psi = RNG.normal(size=(4, 5, m, n)) + 1j * RNG.normal(size=(4, 5, m, n))
    psi /= np.linalg.norm(psi, axis=-1)[..., None]
    w = RNG.dirichlet(np.ones(m), size=(4, 5))
    rho = np.einsum("yxm,yxmi,yxmj->yxij", w, psi, psi.conj())
    with h5py.File(tmp_path / "psi.h5", "w") as file:
        file["psi"], file["w"], file["one"] = psi, w, w[0, 0]
    source = {"source": "density_matrix", "hdf5": "psi.h5", "states": "psi", "weights": "w", "cell_volume": V}
    assert np.abs(field(source, [5, 4]) * V / K - entropy(np.linalg.eigvalsh(rho).clip(0))).max() < 1e-13
    rho = np.einsum("m,yxmi,yxmj->yxij", w[0, 0], psi, psi.conj())
    assert np.abs(field({**source, "weights": "one"}, [5, 4]) * V / K - entropy(np.linalg.eigvalsh(rho).clip(0))).max() < 1e-13


def test_a_trace_that_is_a_density(field, tmp_path):
    n = 1e27 * (1 + np.arange(6))
    rho = random_rho(2, (6,))
    source = matrices(tmp_path / "rho.h5", rho * n[:, None, None])
    del source["cell_volume"]
    s = field({**source, "density": "1e27*(6*x + 0.5)", "trace": "density"}, [6])
    assert np.abs(s / (n * K) - entropy(np.linalg.eigvalsh(rho))).max() < 1e-13


def test_a_series_of_matrices(field, run, tmp_path):
    rho = random_rho(3, (4, 7))
    source = matrices(tmp_path / "rho.h5", rho, times=[0.0, 1.0, 2.5, 4.0])
    done = run({"grid": {"points": [7], "lengths": [1]}, "entropy": source, "output": {"file": "t.h5", "fields": ["S"]}})
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "t.h5") as file:
        assert [file[f"data/{k}"].attrs["time"] for k in range(4)] == [0, 1, 2.5, 4]
        for k in range(4):
            assert np.abs(file[f"data/{k}/meshes/S"][...] * V / K - entropy(np.linalg.eigvalsh(rho[k]))).max() < 1e-13
    assert done.json["results"]["density_matrix"]["levels"] == [3, 3, 3, 3]


def spoil(rho, kind):
    rho = rho.copy()
    at = (1, 2, 3)
    if kind == "hermitian":
        rho[at][0, 1] += 1e-3
        rho[0, 0, 0][0, 1] += 1e-4
    elif kind == "trace":
        rho[at] *= 1.01
        rho[2, 0, 0] *= 1.001
    elif kind == "negative":
        u = random_unitary(3, ())
        rho[at] = (u * [-0.02, 0.5, 0.52]) @ u.conj().T
    elif kind == "nan":
        rho[at][1, 1] = np.nan
    return rho


@pytest.mark.parametrize("kind, words", [("hermitian", ["not Hermitian", "0.001"]), ("trace", ["trace is off by 0.01"]),
                                         ("negative", ["below 0 by 0.02"]), ("nan", ["NaN"])])
def test_bad_matrices_name_the_worst_point(field, tmp_path, kind, words):
    source = matrices(tmp_path / "rho.h5", spoil(random_rho(3, (3, 4, 5)), kind))
    message = field(source, [5, 4, 3], expect=4)
    for word in [*words, "[1,2,3]"]:
        assert word in message


def test_bad_shapes_and_ensembles(field, tmp_path):
    rho = random_rho(3, (4, 5))
    psi = np.ones((4, 5, 2, 3)) / np.sqrt(3)
    source = matrices(tmp_path / "rho.h5", rho, flat=rho[..., :2], other=rho[:3], text=np.bytes_("x"), psi=psi, long=1.1 * psi,
                      w=[0.5, 0.5], three=[1, 1, 1], negative=[1.5, -0.5], sum=[0.5, 0.6])
    assert "square" in field({**source, "dataset": "flat"}, [5, 4], expect=4)
    assert "has shape [3, 5, 3, 3]" in field({**source, "dataset": "other"}, [5, 4], expect=4)
    assert "complex128" in field({**source, "dataset": "text"}, [5, 4], expect=4)
    del source["dataset"]
    assert "norm" in field({**source, "states": "long", "weights": "w"}, [5, 4], expect=4)
    assert "weights" in field({**source, "states": "psi", "weights": "three"}, [5, 4], expect=4)
    assert "below 0 by 0.5" in field({**source, "states": "psi", "weights": "negative"}, [5, 4], expect=4)
    assert "sum of the weights is off 1 by 0.1" in field({**source, "states": "psi", "weights": "sum"}, [5, 4], expect=4)
    assert "either" in field({**source}, [5, 4], expect=3)


def test_the_unit_of_closure_cell_follows_the_source(field, tmp_path):
    """kappa S = (hbar/e tau) s/k_B: the source's own volume is taken, and one that contradicts it may be stated."""
    source = matrices(tmp_path / "rho.h5", random_rho(3, (6,)))
    field(source, [6], coupling={"closure": "cell", "time": "1 ps"})
    assert field.json["results"]["kappa"] == pytest.approx(HBAR / constants.e * V / (K * 1e-12), rel=1e-14)
    field(source, [6], coupling={"closure": "cell", "time": "1 ps", "cell_volume": 2 * V})
    assert field.json["results"]["kappa"] == pytest.approx(HBAR / constants.e * 2 * V / (K * 1e-12), rel=1e-14)
    two = {"sum": [source, {**source, "cell_volume": 3 * V}]}
    assert "cell_volume" in field(two, [6], expect=3, coupling={"closure": "cell", "time": "1 ps"})


# ---- Gases ---------------------------------------------------------------------------------------------------------------------


def wave(m, T):
    """1/lambda^3"""
    return (2 * np.pi * m * K * T / H**2) ** 1.5


def gas(statistics, **keys):
    return {"source": "gas", "statistics": statistics, **keys}


def test_the_sackur_tetrode_constant(field):
    """CODATA 2018: S0/R = -1.151 707 537 06(45) for 1 u at 1 K and 100 kPa; that far in the classical formula is only a number."""
    n = 1e5 / K
    s = field(gas("classical", mass="1 u", temperature=1, density=n))
    assert s[0] / (n * K) == pytest.approx(-1.15170753706, abs=2e-9)
    assert "degenerate" in field.stderr


@pytest.mark.parametrize("statistics", ["classical", "fermi", "bose"])
def test_dilute_gases_agree_with_sackur_tetrode(field, statistics):
    """And with the first quantum correction, 1 -+ n lambda^3/2^{7/2} g."""
    m, T, g = 40 * U, 1e-6, 3
    for y in (1e-12, 1e-5):
        n = y * g * wave(m, T)
        s = field(gas(statistics, mass=m, temperature=T, degeneracy=g, density=n))[0]
        sign = {"classical": 0, "fermi": 1, "bose": -1}[statistics]
        assert s / (n * K) == pytest.approx(2.5 - np.log(y) + sign * y / 2**3.5, rel=1e-12)


def test_bosons_at_and_below_condensation(field):
    m, T = 87 * U, 1e-7
    n = special.zeta(1.5) * wave(m, T)
    at = field(gas("bose", mass=m, temperature=T, density=n))[0]
    assert at / (n * K) == pytest.approx(2.5 * special.zeta(2.5) / special.zeta(1.5), rel=1e-12)
    below = field(gas("bose", mass=m, temperature=T, density=4 * n))[0]
    assert below == pytest.approx(at, rel=1e-14)
    results = field.json["results"]["gas"]
    assert results["condensate_number"] / results["atom_number"] == pytest.approx(0.75, rel=1e-12)
    assert field(gas("bose", mass=m, temperature=T, chemical_potential=0))[0] == pytest.approx(at, rel=1e-13)
    assert field(gas("bose", mass=m, temperature=0, density=n))[0] == 0


def test_a_cold_fermi_gas(field):
    """s -> (pi^2/3) k_B^2 T g(E_F), and Sommerfeld's next term at fixed mu; n at T = 0."""
    m, E = 40 * U, 1e-29

    def states(e):
        return 2 * (2 * m) ** 1.5 / (4 * np.pi**2 * HBAR**3) * np.sqrt(e)

    for eta in (1e2, 1e4, 1e7):
        T = E / (K * eta)
        s = field(gas("fermi", mass=m, temperature=T, degeneracy=2, chemical_potential=E))[0]
        linear = np.pi**2 / 3 * K**2 * T * states(E)
        next_term = 7 * np.pi**4 / 90 * K * (K * T) ** 3 * states(E) * -0.25 / E**2
        assert s == pytest.approx(linear + next_term, rel=5 / eta**4 + 1e-12)
    cold = field(density(gas("fermi", mass=m, temperature=0, degeneracy=2, chemical_potential=E)))[0]
    assert cold == pytest.approx(2 / (6 * np.pi**2) * (2 * m * E) ** 1.5 / HBAR**3, rel=1e-13)
    assert field(gas("fermi", mass=m, temperature=0, density=cold))[0] == 0


@pytest.mark.parametrize("statistics, mu", [("classical", -1e-30), ("fermi", -1e-30), ("fermi", 4e-29), ("fermi", 8e-28), ("bose", -1e-30), ("bose", -1e-33)])
def test_density_and_chemical_potential_tell_the_same(field, statistics, mu):
    """s(n(mu)) = s(mu), and Maxwell: ds/dmu at constant T is dn/dT at constant mu."""
    m, T = 40 * U, 1e-6
    source = gas(statistics, mass=m, temperature=T, chemical_potential=mu)
    s, n = field(source)[0], field(density(source))[0]
    assert field(gas(statistics, mass=m, temperature=T, density=n))[0] == pytest.approx(s, rel=1e-11)
    a, b = 2e-4 * abs(mu), 1e-5 * T  # truncation a^2/mu^2, and near condensation 1e-16 (k_B T/a) of rounding
    source = gas(statistics, mass=m, **four(mu, a, T, b))
    s, n = field(source, [4]), field(density(source), [4])
    assert (s[0] - s[1]) / (2 * a) == pytest.approx((n[2] - n[3]) / (2 * b), rel=1e-7)


def test_the_atom_number_of_a_harmonic_trap(field):
    """N = g (k_B T/hbar omega)^3 Li_3(z) for any statistics; z = 1 for bosons is where they begin to condense."""
    m, T, omega, half = 87 * U, 1e-7, 2 * np.pi * 50, 8e-5
    trap = f"{0.5 * m * omega**2!r}*(x*x + y*y + z*z)"
    for statistics, number in (("classical", np.exp(-0.4)), ("bose", sum(np.exp(-0.4 * k) / k**3 for k in range(1, 100)))):
        field(gas(statistics, mass=m, temperature=T, chemical_potential=-0.4 * K * T, trap=trap), [48, 48, 48],
              grid={"lengths": [2 * half] * 3, "origin": [-half] * 3})
        assert field.json["results"]["gas"]["atom_number"] == pytest.approx((K * T / (HBAR * omega)) ** 3 * number, rel=1e-9)


def test_faults_of_gases_name_the_point(field):
    m = 87 * U
    assert "[0,0,3]" in field(gas("bose", mass=m, temperature=1e-7, chemical_potential=0, trap="0.6 - x > 0 ? x : -1e-30"), [5], expect=4)
    assert "must be positive" in field(gas("classical", mass=m, temperature="x - 0.1", density=1), [5], expect=4)
    assert "not be negative" in field(gas("fermi", mass=m, temperature=1, density="x - 0.5"), [5], expect=4)
    assert "either" in field(gas("fermi", mass=m, temperature=1), [5], expect=3)


def test_a_source_in_a_region_is_not_asked_elsewhere(field):
    source = gas("bose", mass=87 * U, temperature=1e-7, chemical_potential=0, trap="1e-30*(0.5 - x)")
    s = field({"regions": [{"where": "x < 0.5", "value": source}], "default": "2 J/(K m^3)"}, [4])
    assert (s[2:] == 2).all() and (s[:2] > 0).all()


def test_a_number_density_becomes_charge(run, tmp_path):
    """n of a source times -e is a charge density; without the product its unit is refused."""
    source = {"source": "thermal", "quantity": "density", "temperature": 300, "chemical_potential": "x*1e-20", "band": {"dimension": 3, "mass": "1 m_e"}}
    config = {"grid": {"points": [8], "lengths": [1]}, "boundary": {"x": "dirichlet"}, "charge": {"product": ["-1.602176634e-19 C", source]},
              "output": {"fields": ["phi_rho"], "file": "c.h5"}}
    done = run(config)
    assert done.returncode == 0, done.stderr
    number = done.json["results"]["thermal"]["particle_number"]
    assert done.json["results"]["total_charge"] == pytest.approx(-constants.e * number, rel=1e-14)
    config["charge"] = source
    done = run(config, "-f")
    assert done.returncode == 3 and "1/m^3" in done.stderr and "C/m^3" in done.stderr


# ---- Thermal electrons and phonons -----------------------------------------------------------------------------------------------


def thermal(**keys):
    return {"source": "thermal", **keys}


def test_bands_at_zero_are_exact(field):
    for d, extra in ((1, {"cross_section": 1}), (2, {"thickness": 1}), (3, {})):
        band = {"dimension": d, "mass": ME, "edge": 1e-21, **extra}
        source = thermal(temperature=0, chemical_potential=5e-21, band=band)
        assert field(source)[0] == 0
        k = np.sqrt(2 * ME * 4e-21) / HBAR
        assert field(density(source))[0] == pytest.approx(2 * k**d / (2 * np.pi) ** d * {1: 2, 2: np.pi, 3: 4 * np.pi / 3}[d], rel=1e-13)


@pytest.mark.parametrize("d, extra", [(1, {"cross_section": "25 nm^2"}), (2, {"thickness": "5 nm"}), (3, {})])
@pytest.mark.parametrize("mu", [-2e-20, 1e-21, 2e-20, 3e-19])
def test_bands_obey_maxwell(field, d, extra, mu):
    a, b = 1e-5 * abs(mu), 3e-3
    source = thermal(**four(mu, a, 300.0, b), band={"dimension": d, "mass": "0.3 m_e", **extra})
    s, n = field(source, [4]), field(density(source), [4])
    ds, dn = (s[0] - s[1]) / (2 * a), (n[2] - n[3]) / (2 * b)
    if d == 2 and mu > 1e-19:  # a constant density of states: both vanish like e^-72
        assert abs(ds) < 1e-6 * s[0] / mu and abs(dn) < 1e-9 * n[0] / 300
    else:
        assert ds == pytest.approx(dn, rel=1e-6)


def test_a_metal_is_its_own_sommerfeld(field):
    """gamma = (pi^2/3) k_B^2 g(E_F) of the band gives the band's entropy, but for (kT/E_F)^2."""
    E, T = 8e-19, 4.0
    g = 2 * (2 * ME) ** 1.5 / (4 * np.pi**2 * HBAR**3) * np.sqrt(E)
    gamma = np.pi**2 / 3 * K**2 * g
    band = field(thermal(temperature=T, chemical_potential=E, band={"dimension": 3, "mass": "1 m_e"}))[0]
    metal = field(thermal(temperature=T, sommerfeld=f"{gamma} J/(K^2 m^3)"))[0]
    assert metal == pytest.approx(gamma * T, rel=1e-14) and band == pytest.approx(metal, rel=1e-8)


def test_a_table_of_a_parabolic_band(field, tmp_path):
    """Linear interpolation of sqrt(E) over steps h errs by h^2/8 |g''|; a quarter of the step gives a sixteenth of the error away from E = 0."""
    off = []
    for steps in (2000, 8000):
        e = np.linspace(0, 4e-19, steps + 1)
        with h5py.File(tmp_path / "dos.h5", "w") as file:
            file["E"] = e / constants.e
            file["E"].attrs["units"] = "eV"
            file["g"] = 2 * (2 * ME) ** 1.5 / (4 * np.pi**2 * HBAR**3) * np.sqrt(e)
        table = thermal(temperature="300*(1 + x)", chemical_potential="7e-20 J", dos={"hdf5": "dos.h5", "dataset": "g", "energies": "E"})
        band = thermal(temperature="300*(1 + x)", chemical_potential="7e-20 J", band={"dimension": 3, "mass": "1 m_e"})
        off.append([np.abs(field(f(table), [3]) / field(f(band), [3]) - 1).max() for f in (lambda s: s, density)])
    assert off[0][0] < 1e-5 and off[1][0] < 1e-6 and off[0][1] < 1e-4
    assert off[0][0] / off[1][0] > 7


def test_a_box_of_states_is_closed(field, tmp_path):
    """g constant from 0 to W at mu = W/2: s = 2 k_B g int_0^{W/2} s(E/kT) dE, pi^2/3 k_B^2 T g for W >> kT; a table that is cut is warned of."""
    with h5py.File(tmp_path / "dos.h5", "w") as file:
        file["E"], file["g"], file["short"] = [0.0, 1e-18], [1e46, 1e46], [0.0, 1e-20]
    dos = {"hdf5": "dos.h5", "dataset": "g", "energies": "E"}
    s = field(thermal(temperature=300, chemical_potential=5e-19, dos=dos))[0]
    assert s == pytest.approx(np.pi**2 / 3 * K**2 * 300 * 1e46, rel=1e-13) and "ends with g > 0" not in field.stderr
    assert field(density(thermal(temperature=300, chemical_potential=5e-19, dos=dos)))[0] == pytest.approx(5e27, rel=1e-13)
    assert field(density(thermal(temperature=0, chemical_potential=3e-19, dos=dos)))[0] == pytest.approx(3e27, rel=1e-13)
    assert field(thermal(temperature=0, chemical_potential=3e-19, dos=dos))[0] == 0
    field(thermal(temperature=300, chemical_potential=5e-21, dos={**dos, "energies": "short"}))
    assert "ends with g > 0" in field.stderr


def test_debye(field):
    n, theta = 6e28, 428
    source = {"debye": {"temperature": theta, "atoms_per_volume": n}}
    assert field(thermal(temperature=2, **source))[0] == pytest.approx(4 * np.pi**4 / 5 * n * K * (2 / theta) ** 3, rel=1e-13)
    hot = field(thermal(temperature=1e5, **source))[0]
    x = theta / 1e5
    assert hot == pytest.approx(3 * n * K * (4 / 3 - np.log(x) + x * x / 40), rel=1e-11)
    assert field(thermal(temperature=0, **source))[0] == 0


def test_a_film_needs_its_thickness(field):
    source = thermal(temperature=300, chemical_potential=0, band={"dimension": 2, "mass": "1 m_e"})
    assert "thickness" in field(source, [4, 3, 2], expect=3)
    assert "thickness" in field(source, [4, 3], expect=3)
    with_grid = field(source, [4, 3], grid={"thickness": "5 nm"})
    source["band"]["thickness"] = "5 nm"
    assert np.array_equal(with_grid, field(source, [4, 3]))
    wire = thermal(temperature=300, chemical_potential=0, band={"dimension": 1, "mass": "1 m_e"})
    assert "cross_section" in field(wire, [4], expect=3)
    assert field(wire, [4], grid={"cross_section": "25 nm^2"})[0] > 0


def test_numbers_and_values_do_not_depend_on_threads(run, tmp_path):
    rho = random_rho(3, (5, 6, 7))
    source = {"sum": [matrices(tmp_path / "rho.h5", rho), thermal(temperature="300 + x", chemical_potential=1e-20, band={"dimension": 3, "mass": "1 m_e"}),
                      gas("fermi", mass="40 u", temperature=1e-6, density="1e19*(1 + y)")]}
    outcomes = []
    for threads in (1, 2, 5):
        done = run({"grid": {"points": [7, 6, 5], "lengths": [1, 1, 1]}, "entropy": source, "output": {"file": "s.h5", "fields": ["S"]}}, "-f", "-t", threads)
        assert done.returncode == 0, done.stderr
        with h5py.File(tmp_path / "s.h5") as file:
            outcomes.append((file["S"][...].tobytes(), done.json["results"]))
            assert file["data/0/results/gas"].attrs["atom_number"] == done.json["results"]["gas"]["atom_number"]
    assert outcomes[0] == outcomes[1] == outcomes[2]
