"""If this fails, a law of scattering (unitarity, Onsager, the second law, the zero of energy) or a closed form does not hold on some conductor: random wide strips in a
field, narrow resonances, rings, brick lattices, bound states, reservoirs at 0 K."""
import os

import h5py
import numpy as np
import pytest
from scipy import constants, special

E, K, HBAR, H = constants.e, constants.k, constants.hbar, constants.h
K_EV, H_EV = K / E, H / E
SEEDS = range(*map(int, os.environ.get("QEP_TEST_CONDUCTORS", "0:12").split(":")))


def listed(onsite, hoppings, leads, **more):
    """A list of sites, eV; hoppings {(from, to): value}."""
    bonds = [{"from": i, "to": j, "value": [complex(v).real, complex(v).imag]} for (i, j), v in hoppings.items()]
    return {"transport": {"energy_unit": "eV", "hamiltonian": {"kind": "list", "onsite": list(onsite), "hoppings": bonds}, "leads": leads, **more}}


def solve(run, config):
    done = run(config, "-f")
    assert done.returncode == 0, done.stderr
    return done.json["results"]["transport"]


def wide(name, sites, gamma, mu, T):
    return {"name": name, "kind": "wideband", "sites": sites, "gamma": gamma, "mu": mu, "temperature": T}


def chain_lead(name, site, mu, T, hopping=1.0):
    return {"name": name, "kind": "strip", "sites": [site], "hopping": hopping, "mu": mu, "temperature": T}


# ---- A level between two wide bands -----------------------------------------------------------------------------------------------

def breit_wigner(e0, width, mu, T):
    """n and eta of a level of that width: int of the Lorentzian times f, and of (E - e0) times that up to a constant; S/k_B."""
    z = 0.5 + (0.5 * width + 1j * (e0 - mu)) / (2 * np.pi * K_EV * T)
    psi = special.digamma(z)
    eta = width / (2 * np.pi) * (psi.real + np.log(2 * np.pi * K_EV * T))
    entropy = 2 * ((z - 0.5) * psi - special.loggamma(z)).real + np.log(2 * np.pi) - width / (2 * np.pi * K_EV * T)
    return 0.5 - psi.imag / np.pi, eta, entropy


@pytest.mark.parametrize("gammas", [(0.01, 0.02), (4e-7, 6e-7), (1e-9, 3e-6)])
@pytest.mark.parametrize("mu, T", [((0.005, -0.005), (300, 300)), ((0.03, 0.0), (40, 90)), ((0.02, 0.0199), (4, 300))])
def test_narrow_levels_have_their_closed_form(run, gammas, mu, T):
    """Widths down to 1e-6 eV at 300 K: a panel rule that missed the peak would lose everything."""
    e0, width = 0.02, sum(gammas)
    result = solve(run, listed([e0], {}, [wide("L", [0], gammas[0], mu[0], T[0]), wide("R", [0], gammas[1], mu[1], T[1])], spin_factor=2))
    (n1, eta1, s1), (n2, eta2, s2) = (breit_wigner(e0, width, m, t) for m, t in zip(mu, T))
    rate = 2 * gammas[0] * gammas[1] / (width * HBAR / E)
    assert result["I_N"][0] == pytest.approx(rate * (n1 - n2), rel=1e-9, abs=0)
    assert result["I_E"][0] == pytest.approx(rate * E * (e0 * (n1 - n2) + eta1 - eta2), rel=1e-9, abs=0)
    assert result["I_S"][0] == pytest.approx(rate * K * (s1 - s2), rel=1e-8, abs=1e-10 * rate * K)
    n = (gammas[0] * n1 + gammas[1] * n2) / width
    assert result["n"][0] == pytest.approx(2 * n, rel=1e-9)
    assert result["s_hs"][0] == pytest.approx(2 * K * (gammas[0] * s1 + gammas[1] * s2) / width, rel=1e-8)


def test_at_zero_temperature_the_level_gives_an_angle(run):
    e0, gl, gr, mu = 0.02, 0.01, 0.02, (0.03, -0.01)
    result = solve(run, listed([e0], {}, [wide("L", [0], gl, mu[0], 0), wide("R", [0], gr, mu[1], 0)]))
    width = gl + gr
    angle = np.diff([np.arctan(2 * (m - e0) / width) for m in mu[::-1]])[0]
    assert result["I_N"][0] == pytest.approx(gl * gr / width / (HBAR / E) * angle / np.pi, rel=1e-11)
    assert result["I_S"] == [0, 0] and result["TI_S"] == [0, 0] and result["clausius"] == "inf"
    assert result["I_W"] == pytest.approx(result["I_Q"], rel=1e-11)


def test_a_cold_lead_beside_a_warm_one(run):
    """T_L = 0 < T_R: entropy comes from the warm side alone, and the cold side's heat is all missing heat."""
    result = solve(run, listed([0.0], {}, [chain_lead("L", 0, 0.0, 0), chain_lead("R", 0, 0.0, 300)]))
    assert result["I_S"][1] == pytest.approx(np.pi**2 * K**2 / (3 * H) * 300, rel=1e-9)
    assert result["TI_S"][0] == 0 and result["I_W"][0] == pytest.approx(result["I_Q"][0], rel=1e-10)
    assert result["I_Q"][1] == pytest.approx(np.pi**2 * K**2 / (6 * H) * 300**2, rel=1e-9)


# ---- Rings and lattices -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sites, arm", [(6, 3), (7, 2), (5, 1)])
def test_a_ring_with_flux(run, sites, arm):
    """A ring of unit hopping with flux phi between two wide bands: |G_0m|^2 from the ring's Fourier sum, dressed by the contacts."""
    flux, gamma, energies = 0.7, 0.3, [-1.3, -0.2, 0.4, 1.7]
    bonds = {(i, (i + 1) % sites): -np.exp(1j * flux / sites) for i in range(sites)}
    result = solve(run, listed([0.0] * sites, bonds, [wide("L", [0], gamma, 0.1, 30), wide("R", [arm], gamma, 0.0, 30)], energies=energies))
    k = 2 * np.pi * np.arange(sites) / sites

    def bare(E, m):                                       # H_{j, j+1} = -exp(i flux/sites), so that E_k = -2 cos(k + flux/sites)
        return np.mean(np.exp(1j * k * m) / (E + 2 * np.cos(k + flux / sites)))

    for i, E0 in enumerate(energies):
        g0, g1, g2, self_energy = bare(E0, 0), bare(E0, arm), bare(E0, -arm), -0.5j * gamma
        det = (1 - self_energy * g0) ** 2 - self_energy**2 * g1 * g2
        expected = sorted([gamma**2 * abs(g1 / det) ** 2, gamma**2 * abs(g2 / det) ** 2])
        got = sorted([result["transmission"][i][0][1], result["transmission"][i][1][0]])
        assert got == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("width", [4, 5])
def test_a_brick_lattice_conducts_like_graphene(run, width):
    """Bricks are graphene drawn square: bonds along y everywhere, along x at every other site. Clean, T counts the bands that cross; the hopping from cell to cell has no inverse."""
    number = {(x, y): 2 * width * (x // 2) + 2 * y + x % 2 for x in range(8) for y in range(width)}
    bonds = {(i, number[x, y + 1]): -1.0 for (x, y), i in number.items() if y + 1 < width}
    bonds |= {(i, number[x + 1, y]): -1.0 for (x, y), i in number.items() if x + 1 < 8 and (x + y) % 2 == 0}
    of = [list(range(2 * width * c, 2 * width * (c + 1))) for c in range(4)]
    leads = [{"name": "L", "kind": "periodic", "sites": of[0], "previous": of[1], "mu": 0.1, "temperature": 0},
             {"name": "R", "kind": "periodic", "sites": of[3], "previous": of[2], "mu": 0.05, "temperature": 0}]
    H0 = np.zeros((len(number), len(number)))
    for (i, j), v in bonds.items():
        H0[i, j] = H0[j, i] = v
    cell, out = H0[np.ix_(of[1], of[1])], H0[np.ix_(of[1], of[2])]
    bands = np.array([np.linalg.eigvalsh(cell + out * np.exp(1j * q) + out.T * np.exp(-1j * q)) for q in np.linspace(-np.pi, np.pi, 4001)])
    energies = [-2.1, -1.3, -0.77, -0.31, 0.0533, 0.45, 0.93, 1.41, 2.2]
    result = solve(run, listed([0.0] * len(number), bonds, leads, energies=energies, site_fields=False))
    for i, E0 in enumerate(energies):
        modes = ((bands[1:] > E0) & (bands[:-1] <= E0)).sum()
        assert result["transmission"][i][0][1] == pytest.approx(modes, abs=1e-9)


# ---- Laws, on random strips -------------------------------------------------------------------------------------------------------

MASS, STEP = 0.067 * constants.m_e, 4e-9
UNIT = HBAR**2 / (2 * MASS * STEP**2)


def strip(points, seed, leads, field=0.0, zero=0.0, strength=1.0, **more):
    """Disorder in a box with flat ends, U and mu from a zero of energy of choice; leads {face: (mu, T)} in units of the hopping and K."""
    chance = np.random.default_rng(seed)
    U = strength * chance.uniform(-0.5, 0.5, points[::-1])
    config = {"grid": {"points": list(points), "spacing": [STEP] * 2}, "boundary": {a: "natural" for a in "xy"},
              "transport": {"hamiltonian": {"kind": "grid", "mass": MASS, "potential": {"hdf5": "U.h5", "dataset": "/U"}, **({"magnetic_field": field} if field else {})},
                            "leads": [{"name": f, "kind": "strip", "face": f, "mu": m * UNIT + zero, "temperature": T} for f, (m, T) in leads.items()], **more}}
    return config, U * UNIT + zero


def run_strip(run, folder, *arguments, **more):
    config, U = strip(*arguments, **more)
    with h5py.File(folder / "U.h5", "w") as file:
        file["U"] = U
    return solve(run, config)


FOUR = {"x-low": (1.1, 100), "x-high": (0.9, 20), "y-low": (1.0, 60), "y-high": (1.05, 0)}


@pytest.mark.parametrize("seed", SEEDS[::6])
@pytest.mark.parametrize("terminals", [2, 3, 4])
def test_reversing_the_field_transposes_the_transmission(run, tmp_path, seed, terminals):
    """T_ab(B) = T_ba(-B), rows and columns of T sum to the same, for a flux through every cell and terminals on both axes."""
    leads, energies = dict(list(FOUR.items())[:terminals]), [float(e) * UNIT for e in np.random.default_rng(seed).uniform(0.3, 4, 4)]
    forward, back = (run_strip(run, tmp_path, (7, 5), seed, leads, field=B, energies=energies, tolerance=1e-6, site_fields=False) for B in (9.0, -9.0))
    T, turned = np.array(forward["transmission"]), np.array(back["transmission"])
    assert np.abs(T - turned.transpose(0, 2, 1)).max() < 1e-11
    assert np.abs(T.sum(axis=1) - T.sum(axis=2)).max() < 1e-12 * max(1, T.max())
    assert T.min() > -1e-12
    if terminals > 2:
        assert np.abs(T - T.transpose(0, 2, 1)).max() > 1e-6
    for name in ("I_N", "I_S"):
        assert abs(sum(forward[name])) < 1e-11 * np.abs(forward[name]).max()


@pytest.mark.parametrize("seed", SEEDS[::6])
def test_the_zero_of_energy_is_no_matter(run, tmp_path, seed):
    """1 eV more for U and every mu: I_N, I_Q, I_S, n and s stay, I_E and u change by 1 eV per particle."""
    one, two = (run_strip(run, tmp_path, (6, 4), seed, dict(list(FOUR.items())[:3]), field=4.0, zero=z) for z in (0.0, E))
    for name in ("I_N", "I_Q", "I_S", "TI_S", "I_W"):
        assert np.abs(np.subtract(one[name], two[name])).max() < 1e-9 * np.abs(one[name]).max(), name
    assert np.abs(np.array(two["I_E"]) - one["I_E"] - E * np.array(one["I_N"])).max() < 1e-9 * np.abs(two["I_E"]).max()


@pytest.mark.parametrize("T", [0, 77])
def test_equal_reservoirs_exchange_nothing(run, tmp_path, T):
    result = run_strip(run, tmp_path, (6, 5), 3, {f: (1.0, T) for f in FOUR}, field=7.0, site_fields=False)
    for name in ("I_N", "I_E", "I_Q", "I_S", "I_W"):
        assert result[name] == [0, 0, 0, 0], name


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_what_reaches_the_cold_lead(run, tmp_path, seed):
    """I_S <= I_S_cg <= I_Q/T into the cold lead, the Clausius rate is not negative, both sides lose heat that no entropy carries."""
    chance = np.random.default_rng(seed)
    sets = [{"mu": [float(m) * UNIT for m in 1 + 0.3 * chance.uniform(-1, 1, 2)], "temperature": [float(t) for t in sorted(chance.uniform(5, 400, 2))[::-1]]} for _ in range(6)]
    result = run_strip(run, tmp_path, (9, 5), seed, {"x-low": (1, 10), "x-high": (1, 10)}, field=float(chance.uniform(-5, 5)), strength=2.0, sweep=sets, site_fields=False)
    scale = np.abs(result["I_S"]).max() * 1e-9
    for k, s in enumerate(sets):
        into = {name: -np.array(result[name][k]) for name in ("I_S", "I_S_cg", "I_Q", "I_W")}
        for a in (0, 1):
            assert into["I_S"][a] <= into["I_S_cg"][a] + scale and into["I_S_cg"][a] <= into["I_Q"][a] / s["temperature"][a] + scale
            assert into["I_W"][a] >= 0
        assert result["clausius"][k] >= 0
        assert result["clausius"][k] == pytest.approx(sum(into["I_W"] / s["temperature"]), rel=1e-8)


@pytest.mark.parametrize("points, field, leads", [((72, 70), 0.0, ("x-low", "x-high")), ((75, 71), 0.0, ("x-low", "y-high")), ((40, 25), 3.0, ("x-low", "x-high"))])
def test_wide_conductors_keep_every_particle(run, tmp_path, points, field, leads):
    """Where elimination goes along a tree of fronts: div J = 0 inside, hs <= dist <= site, and what the bonds of a cut carry is what the lead gives."""
    mu = {leads[0]: (0.021, 1.0), leads[1]: (0.018, 0.5)}
    result = run_strip(run, tmp_path, points, 5, mu, field=field, strength=0.02, bond_currents=True, tolerance=1e-4, energies=[0.0197 * UNIT], bound_states="ignore")
    T = np.array(result["transmission"])[0]
    assert np.abs(T.sum(axis=0) - T.sum(axis=1)).max() < 1e-11 * max(1, T.max()) and abs(T[0, 1] - T[1, 0]) < 1e-11
    with h5py.File(tmp_path / "case.h5") as file:
        group, meshes = file["data/0/results/transport/bonds"], file["data/0/meshes"]
        at = np.arange(np.prod(points))
        x, y = at % points[0], at // points[0]
        contacts = {"x-low": x == 0, "x-high": x == points[0] - 1, "y-high": y == points[1] - 1}
        inside = ~(contacts[leads[0]] | contacts[leads[1]])
        for X in "NES":
            J, div = group[f"J_{X}"][...], group[f"div_{X}"][...]
            assert np.abs(div[inside]).max() < 1e-11 * np.abs(J).max(), X
            if not (contacts[leads[0]] & contacts[leads[1]]).any():      # a corner takes from both
                assert div[contacts[leads[0]]].sum() == pytest.approx(result[f"I_{X}"][0], rel=1e-6)
        hs, dist, site = (meshes[name][...] for name in ("s_hs", "s_dist", "s_site"))
    slack = 1e-6 * site.max()
    assert (hs <= dist + slack).all() and (dist <= site + slack).all() and hs.max() > 0


# ---- Levels without a lead --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("depth", [0.5, 1.7])
def test_an_attractive_dot_holds_a_level(run, depth):
    """A site at -depth in an infinite chain of hopping t: E_b = -sqrt(4 t^2 + depth^2), weight on the site depth/sqrt(depth^2 + 4 t^2)."""
    t, sites = 1.0, 5
    onsite = [0.0, 0.0, -depth, 0.0, 0.0]
    bonds = {(i, i + 1): -t for i in range(sites - 1)}
    leads = [chain_lead("L", 0, -1.2, 300), chain_lead("R", sites - 1, -1.2, 300)]
    empty, full = (solve(run, listed(onsite, bonds, leads, bound_states=how)) for how in ("ignore", "fill"))
    root = np.sqrt(depth**2 + 4 * t * t)
    lam = (root - depth) / (2 * t)
    weight = depth / root * lam ** (2 * np.abs(np.arange(sites) - 2))
    assert np.subtract(full["n"], empty["n"]) == pytest.approx(weight, rel=1e-8)
    assert np.subtract(full["u"], empty["u"]) == pytest.approx(-E * root * weight, rel=1e-8)
    assert full["I_N"] == [0, 0]


def test_ignored_levels_are_told_of(call, write):
    config = listed([0.0, -2.0, 0.0], {(0, 1): -1.0, (1, 2): -1.0}, [chain_lead("L", 0, 0.0, 10), chain_lead("R", 2, 0.0, 10)])
    done = call(write(config))
    assert done.returncode == 0 and "1 bound state outside the bands" in done.stderr and '"ignore"' in done.stderr, done.stderr
    held = -2 / np.sqrt(8) * -1
    lam = (np.sqrt(8) - 2) / 2
    assert f"{held * (1 + 2 * lam**2):.6g}"[:7] in done.stderr


# ---- Steps ------------------------------------------------------------------------------------------------------------------------

def test_exactly_at_a_band_edge_nothing_breaks(run):
    """E at an edge of the band, of both leads and of one: the limit, no NaN."""
    leads = [chain_lead("L", 0, 0.1, 30), chain_lead("R", 1, 0.0, 30) | {"shift": 0.5}]
    result = solve(run, listed([0.0, 0.0], {(0, 1): -1.0}, leads, energies=[-2.0, 2.0, -1.5, 2.5, -1.4999999]))
    T = np.array(result["transmission"])
    assert np.isfinite(T).all() and np.abs(T[:4, 0, 1]).max() < 1e-6 and 0 < T[4, 0, 1] < 0.01
    clean = solve(run, listed([0.0, 0.0], {(0, 1): -1.0}, [chain_lead("L", 0, 0.1, 30), chain_lead("R", 1, 0.0, 30)], energies=[-2.0, 2.0, 0.0]))
    T = np.array(clean["transmission"])
    assert np.isfinite(T).all() and T[2, 0, 1] == pytest.approx(1, abs=1e-12)


def test_conductance_is_quantised(run, tmp_path):
    """A clean strip: T = number of open subbands 2t(1 - cos n pi/(W + 1)), and I_N = T (mu_L - mu_R)/h between two steps."""
    width = 7
    levels = 2 * (1 - np.cos(np.arange(1, width + 1) * np.pi / (width + 1)))
    energies = [float(e) for e in np.sort(np.concatenate((levels - 0.01, levels + 0.01)))]
    result = run_strip(run, tmp_path, (4, width), 0, {"x-low": (0.5, 0), "x-high": (0.45, 0)}, strength=0.0, energies=[e * UNIT for e in energies], site_fields=False)
    for e, T in zip(energies, result["transmission"]):
        assert T[0][1] == pytest.approx(((levels < e) & (e < levels + 4)).sum(), abs=1e-10)
    modes = (levels < 0.45).sum()
    assert modes == (levels < 0.5).sum() and result["I_N"][0] == pytest.approx(modes * 0.05 * UNIT / H, rel=1e-10)


def test_masses_beyond_the_effective_mass_are_warned_of(call, write, tmp_path):
    config, U = strip((4, 3), 0, {"x-low": (2.5, 1), "x-high": (2.4, 1)})
    with h5py.File(tmp_path / "U.h5", "w") as file:
        file["U"] = U
    done = call(write(config))
    assert done.returncode == 0 and "the effective mass holds" in done.stderr
