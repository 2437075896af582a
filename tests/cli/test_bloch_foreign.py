"""If this fails, a file that Wannier90 or another tool could have written is read wrongly, or a model has other responses here than in the tool whose stored
references are quoted in docs/validation.md."""
import json

import numpy as np
import pytest

BOHR = 0.529177210903
LATTICE = np.array([[3.1, 0.2, 0], [-0.4, 4.0, 0.3], [0.1, 0.5, 5.2]])  # angstrom
CENTRES = np.array([[0.3, 0.2, 0.1], [1.7, 2.2, 0.4], [0.9, 1.1, 2.9]])


def random_model(bands=3, seed=4, sheet=False, lattice=LATTICE):
    """{R: H(R) eV}, without symmetry but H(-R) = H(R)^H, and r(R) (angstrom) diagonal: the centres."""
    rng = np.random.default_rng(seed)
    H = {}
    for R in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, -1, 0), (2, 1, 0)] + ([] if sheet else [(0, 0, 1), (1, 0, 1), (-1, 2, 1)]):
        h = 0.3 * (rng.normal(size=(bands, bands)) + 1j * rng.normal(size=(bands, bands)))
        H[R] = h + h.conj().T if R == (0, 0, 0) else h
        H[tuple(-x for x in R)] = H[R].conj().T
    return H


def number(x, style):
    text = f"{x:.15e}"
    return text.replace("e", "D") if style == "fortran" else text


def header(H, degeneracy, style):
    counts = [str(degeneracy.get(R, 1)) for R in H]
    rows = [" ".join(counts[i:i + 15]) for i in range(0, len(counts), 15)]
    bands = len(next(iter(H.values())))
    return [f"  {bands}", f"  {len(H)}"] + rows


def tb(H, centres=CENTRES, r=None, degeneracy={}, style="plain", lattice=LATTICE):
    """Text of a _tb.dat; degeneracy: {R: n}, H and r are written times n."""
    bands = len(next(iter(H.values())))
    lines = ["written for a test"] + [" ".join(number(x, style) for x in row) for row in lattice] + header(H, degeneracy, style)
    for R, h in H.items():
        lines += ["", " ".join(map(str, R))]
        lines += [f"{i + 1} {j + 1} {number(degeneracy.get(R, 1) * h[i, j].real, style)} {number(degeneracy.get(R, 1) * h[i, j].imag, style)}"
                  for j in range(bands) for i in range(bands)]
    for R in H:
        lines += ["", " ".join(map(str, R))]
        for j in range(bands):
            for i in range(bands):
                value = (r[R][i, j] if r is not None else centres[i] * (R == (0, 0, 0) and i == j)) * degeneracy.get(R, 1) + 0j
                lines.append(f"{i + 1} {j + 1} " + " ".join(f"{number(x.real, style)} {number(x.imag, style)}" for x in value))
    return "\n".join(lines) + "\n"


def hr(H, degeneracy={}, style="plain"):
    bands = len(next(iter(H.values())))
    lines = ["written for a test"] + header(H, degeneracy, style)
    for R, h in H.items():
        for j in range(bands):
            for i in range(bands):
                value = h[i, j] * degeneracy.get(R, 1)
                lines.append(f"{R[0]} {R[1]} {R[2]} {i + 1} {j + 1} {number(value.real, style)} {number(value.imag, style)}")
    return "\n".join(lines) + "\n"


def xyz(centres=CENTRES, atoms=2):
    rows = [f"X {c[0]:.15f} {c[1]:.15f} {c[2]:.15f}" for c in centres] + ["Si 0.0 0.0 0.0"] * atoms
    return f"{len(rows)}\n Wannier centres, written for a test\n" + "\n".join(rows) + "\n"


def win(unit="", scale=1.0):
    rows = "\n".join("  " + " ".join(f"{x * scale:.15f}" for x in row) for row in LATTICE)
    return f"num_wann = 3\nmp_grid : 2 2 2\nBegin Unit_Cell_Cart\n{unit}{rows}\nEnd Unit_Cell_Cart\n! a comment\n"


QUANTITIES = ["n", "s", "sigma_D", "sigma_H", "sigma_inter", "alpha_H", "alpha_S", "fg", "berry_dipole"]


@pytest.fixture
def answers(call, tmp_path):
    """answers({name: text}, model) -> results of --json, or the list of errors."""
    def run(files, model, axes=3, quantities=QUANTITIES, code=0, **more):
        for name, text in files.items():
            (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        section = {"model": model, "kgrid": {"points": [8, 6, 5][:axes], "shift": [0.1, 0.2, 0.3][:axes]}, "temperature": 2000, "chemical_potential": "0.1 eV",
                   "relaxation_time": "10 fs", "quantities": quantities, "convergence": False, **more}
        (tmp_path / "case.json").write_text(json.dumps({"bloch": section}))
        got = json.loads(call("--json", "-f", "-o", tmp_path / "out.h5", tmp_path / "case.json").stdout)
        assert got["exit"] == code, got
        return got["errors"] if code else {name: np.array(got["results"]["bloch"][name])[0, 0] for name in quantities}
    return run


def same(a, b, rtol=1e-11):
    for name in a:
        scale = np.abs(a[name]).max()
        assert scale > 0 or name == "fg"
        assert np.abs(a[name] - b[name]).max() <= rtol * scale, name


@pytest.mark.parametrize("dress", [
    lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n\n", "\n\n\n"), lambda text: text + "\n\n \n", lambda text: text.rstrip("\n"),
    lambda text: "\n".join("   " + line + "   " for line in text.split("\n")), lambda text: text.replace(" ", "\t"),
], ids=["CRLF", "two blank lines", "blank lines at the end", "no end of line", "spaces around", "tabs"])
def test_files_dressed_otherwise(answers, dress):
    text = tb(random_model())
    same(answers({"x_tb.dat": text}, {"wannier90": "x_tb.dat"}), answers({"y_tb.dat": dress(text)}, {"wannier90": "y_tb.dat"}), 0)


def test_fortran_exponents_and_degeneracies(answers):
    H = random_model()
    plain = answers({"x_tb.dat": tb(H)}, {"wannier90": "x_tb.dat"})
    refused = answers({"d_tb.dat": tb(H, style="fortran")}, {"wannier90": "d_tb.dat"}, code=4)[0]["message"]
    assert "D exponent" in refused and "line 2" in refused
    counts = {R: 1 + (abs(R[0]) + 2 * abs(R[1]) + 3 * abs(R[2])) % 5 for R in H}
    same(plain, answers({"x_tb.dat": tb(H, degeneracy=counts)}, {"wannier90": "x_tb.dat"}))
    shuffled = dict(sorted(H.items(), key=lambda item: (item[0][2], -item[0][0])))
    same(plain, answers({"x_tb.dat": tb(shuffled, degeneracy=counts)}, {"wannier90": "x_tb.dat"}))


def test_hr_with_centres_is_the_tb_of_the_same_model(answers):
    """With a diagonal position matrix: the lattice from .win in angstrom and in bohr, from the configuration, and from the _tb.dat."""
    H = random_model()
    counts = {R: 2 for R in H}
    plain = answers({"x_tb.dat": tb(H)}, {"wannier90": "x_tb.dat"})
    files = {"x_hr.dat": hr(H, counts), "x_centres.xyz": xyz(), "x.win": win()}
    model = {"wannier90": "x_hr.dat", "centres": "x_centres.xyz"}
    same(plain, answers(files, model))
    same(plain, answers({**files, "x.win": win("bohr\n", 1 / BOHR)}, model), 1e-10)
    same(plain, answers({**files, "x.win": win("Ang\n")}, model))
    rows = [[f"{x} angstrom" for x in row] for row in LATTICE.tolist()]
    same(plain, answers({"z_hr.dat": hr(H), "z.xyz": xyz()}, {"wannier90": "z_hr.dat", "centres": "z.xyz", "lattice": rows}))


def test_centres_matter_and_are_asked_for(answers):
    H = random_model()
    here = answers({"x_hr.dat": hr(H), "a.xyz": xyz(), "x.win": win()}, {"wannier90": "x_hr.dat", "centres": "a.xyz"})
    there = answers({"b.xyz": xyz(CENTRES + [[0, 0, 0], [0.5, 0, 0], [0, 0.3, 0]])}, {"wannier90": "x_hr.dat", "centres": "b.xyz"})
    assert here["s"] == there["s"] and np.abs(here["fg"] - there["fg"]).max() > 1e-3 * np.abs(here["fg"]).max()
    np.testing.assert_allclose(here["sigma_D"], there["sigma_D"], rtol=1e-11)  # energies alone
    shifted = answers({"c.xyz": xyz(CENTRES + [0.7, -0.2, 0.4])}, {"wannier90": "x_hr.dat", "centres": "c.xyz"})
    same(here, shifted, 1e-10)  # all moved alike: another origin
    assert "centres" in answers({}, {"wannier90": "x_hr.dat"}, code=3)[0]["message"]
    answers({}, {"wannier90": "x_hr.dat"}, quantities=["n", "s", "sigma_D"])
    wrong = answers({"d.xyz": xyz(CENTRES[:2])}, {"wannier90": "x_hr.dat", "centres": "d.xyz"}, code=4)
    assert "d.xyz" in json.dumps(wrong)


def test_one_orbital(answers):
    """One band: no curvature, no metric; and the same as a list of hoppings."""
    H = random_model(1)
    got = answers({"x_tb.dat": tb(H, CENTRES[:1])}, {"wannier90": "x_tb.dat"}, quantities=["n", "s", "sigma_D", "fg", "sigma_H", "sigma_inter"])
    assert not got["fg"].any() and not got["sigma_H"].any() and not got["sigma_inter"].any()
    hoppings = [{"R": list(R), "from": 0, "to": 0, "value": [h[0, 0].real, h[0, 0].imag]} for R, h in H.items() if R > (0, 0, 0)]
    model = {"lattice": [[f"{x} angstrom" for x in row] for row in LATTICE.tolist()], "orbitals": [[0, 0, 0]], "onsite": [H[(0, 0, 0)][0, 0].real], "hoppings": hoppings}
    listed = answers({}, model, quantities=["n", "s", "sigma_D"], energy_unit="eV", chemical_potential=0.1)
    same(listed, {name: got[name] for name in listed})


def test_a_sheet_in_a_file(answers):
    """No hopping along the third vector: as a sheet, or as a solid of sheets, whose responses per volume are those per area over the distance."""
    lattice = np.array([[3.1, 0.2, 0], [-0.4, 4.0, 0], [0, 0, 20.0]])
    text = tb(random_model(sheet=True), CENTRES * [1, 1, 0], lattice=lattice)
    names = ["n", "s", "sigma_D", "sigma_H", "alpha_H", "sigma_inter"]
    sheet = answers({"x_tb.dat": text}, {"wannier90": "x_tb.dat"}, axes=2, quantities=names)
    solid = answers({}, {"wannier90": "x_tb.dat"}, quantities=names)
    for name in names:
        part = solid[name][:2, :2] if solid[name].ndim else solid[name]
        assert np.abs(part * 20e-10 - sheet[name]).max() <= 1e-11 * np.abs(sheet[name]).max(), name
    assert "third" in json.dumps(answers({"y_tb.dat": tb(random_model(), lattice=lattice)}, {"wannier90": "y_tb.dat"}, axes=2, code=4))


def images_of(H, grid=(3, 2, 2)):
    """{(R, i, j): [T, ...]} that bring the functions closest among supercell translations, as use_ws_distance does; equal distances share."""
    found = {}
    shifts = [np.array(n) * grid for n in np.ndindex(5, 5, 5)]
    shifts = [T - 2 * np.array(grid) for T in shifts]
    for R in H:
        for i in range(3):
            for j in range(3):
                distance = [np.linalg.norm((np.array(R) + T) @ LATTICE + CENTRES[j] - CENTRES[i]) for T in shifts]
                found[R, i, j] = [tuple(int(x) for x in T) for T, d in zip(shifts, distance) if d < min(distance) + 1e-5]
    return found


def wsvec(H, images, title="## written on a day with use_ws_distance=.true."):
    lines = [title]
    for R in H:
        for i in range(3):
            for j in range(3):
                lines += ["%5d%5d%5d%5d%5d" % (*R, i + 1, j + 1), f"    {len(images[R, i, j])}"] + ["%5d%5d%5d" % T for T in images[R, i, j]]
    return "\n".join(lines) + "\n"


def test_images_of_minimal_distance(answers):
    """_wsvec.dat beside _tb.dat and _hr.dat against a _tb.dat in which H(R) and r(R) are dealt out already."""
    rng = np.random.default_rng(5)
    H = random_model()
    r = {R: np.zeros((3, 3, 3), complex) for R in H}
    for R in H:
        back = tuple(-x for x in R)
        if R > back:
            r[R] = 0.1 * (rng.normal(size=(3, 3, 3)) + 1j * rng.normal(size=(3, 3, 3)))
            r[back] = r[R].conj().transpose(1, 0, 2)
    diagonal = {R: 0 * m for R, m in r.items()}
    for i in range(3):
        r[(0, 0, 0)][i, i] = diagonal[(0, 0, 0)][i, i] = CENTRES[i]
    images = images_of(H)
    assert any(len(T) > 1 for T in images.values()) or any(T != [(0, 0, 0)] for T in images.values())

    def dealt(old, shape):
        new = {}
        for (R, i, j), shifts in images.items():
            for T in shifts:
                new.setdefault(tuple(int(a + b) for a, b in zip(R, T)), np.zeros(shape, complex))[i, j] += old[R][i, j] / len(shifts)
        return new

    expected = answers({"y_tb.dat": tb(dealt(H, (3, 3)), r=dealt(r, (3, 3, 3)))}, {"wannier90": "y_tb.dat"})
    files = {"x_tb.dat": tb(H, r=r), "x_wsvec.dat": wsvec(H, images)}
    got = answers(files, {"wannier90": "x_tb.dat", "wsvec": "x_wsvec.dat"})
    same(expected, got)
    plain = answers({}, {"wannier90": "x_tb.dat"})
    assert np.abs(plain["sigma_D"] - got["sigma_D"]).max() > 1e-3 * np.abs(got["sigma_D"]).max()
    still = {key: [(0, 0, 0)] for key in images}
    same(plain, answers({"n_wsvec.dat": wsvec(H, still, "## use_ws_distance=.false.")}, {"wannier90": "x_tb.dat", "wsvec": "n_wsvec.dat"}), 0)
    model = {"wannier90": "x_hr.dat", "centres": "x.xyz", "wsvec": "x_wsvec.dat"}
    from_hr = answers({"x_hr.dat": hr(H), "x.xyz": xyz(), "x.win": win()}, model)
    same(answers({"z_tb.dat": tb(dealt(H, (3, 3)), r=dealt(diagonal, (3, 3, 3)))}, {"wannier90": "z_tb.dat"}), from_hr)


@pytest.mark.parametrize("spoil, words", [
    (lambda text: text[:len(text) // 2].rsplit("\n", 1)[0] + "\n", "truncated"), (lambda text: text.replace("    1\n", "    0\n", 1), "images"),
    (lambda text: text + "    9    9    9    1    1\n    1\n    0    0    0\n", "no lattice vector"), (lambda text: text.replace("    1\n", "    x\n", 1), "integer"),
    (lambda text: text.replace("    0    0    0    1    1\n", "    0    0    0    1    7\n", 1), "model has 3")])
def test_broken_images(answers, spoil, words):
    H = random_model()
    still = {(R, i, j): [(0, 0, 0)] for R in H for i in range(3) for j in range(3)}
    text = spoil(wsvec(H, still))
    errors = json.dumps(answers({"x_tb.dat": tb(H), "x_wsvec.dat": text}, {"wannier90": "x_tb.dat", "wsvec": "x_wsvec.dat"}, code=4))
    assert words in errors and "x_wsvec.dat" in errors, errors


def test_positions_off_the_diagonal(answers):
    """r(R) of another gauge: with H' = W^H H W and r' = W^H (r + i d/dk) W for a W(k) that is constant, everything stays; and r(R) matters."""
    rng = np.random.default_rng(8)
    H = random_model()
    r = {R: np.zeros((3, 3, 3), complex) for R in H}
    for i in range(3):
        r[(0, 0, 0)][i, i] = CENTRES[i]
    plain = answers({"x_tb.dat": tb(H)}, {"wannier90": "x_tb.dat"})
    W = np.linalg.qr(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)))[0]
    turn = lambda m: np.einsum("ia,ij...,jb->ab...", W.conj(), m, W)
    turned = {R: turn(h) for R, h in H.items()}
    same(plain, answers({"x_tb.dat": tb(turned, r={R: turn(m) for R, m in r.items()})}, {"wannier90": "x_tb.dat"}), 1e-10)
    for R in H:
        extra = 0.05 * (rng.normal(size=(3, 3, 3)) + 1j * rng.normal(size=(3, 3, 3)))
        back = tuple(-x for x in R)
        if R >= back:
            r[R] = r[R] + (extra if R != back else 0.5 * (extra + extra.conj().transpose(1, 0, 2)))
            r[back] = r[R].conj().transpose(1, 0, 2)
    changed = answers({"x_tb.dat": tb(H, r=r)}, {"wannier90": "x_tb.dat"})
    np.testing.assert_allclose(changed["sigma_D"], plain["sigma_D"], rtol=1e-11)
    assert np.abs(changed["sigma_H"] - plain["sigma_H"]).max() > 1e-3 * np.abs(plain["sigma_H"]).max()


# ---- stored references of another tool --------------------------------------------------------------------------------------------

def hopping(value, i, j, R):
    return {"R": R, "from": i, "to": j, "value": [float(np.real(value)), float(np.imag(value))]}


ROOT3 = f"{np.sqrt(3) / 2:.17g} angstrom"


def chiral():
    """Stacked honeycomb with chiral hoppings along z, no inversion, no time reversal (WannierBerri's test model "Chiral", left-handed)."""
    t2 = np.exp(0.1j * np.pi) / 3
    own = [[0, -1, 0], [1, 0, 0], [-1, 1, 0]], [[-1, 0, 0], [1, -1, 0], [0, 1, 0]]
    hops = [hopping(1, 0, 1, [0, 0, 0]), hopping(1, 1, 0, [1, 0, 0]), hopping(1, 1, 0, [0, 1, 0])]
    hops += [hopping(t2, i, i, R) for i in (0, 1) for R in own[i]] + [hopping(0.2, i, i, [R[0], R[1], 1]) for i in (0, 1) for R in own[i]]
    return {"lattice": [["1 angstrom", 0, 0], ["0.5 angstrom", ROOT3, 0], [0, 0, "1 angstrom"]], "orbitals": [[1 / 3, 1 / 3, 0], [2 / 3, 2 / 3, 0]],
            "onsite": [-2, 2], "hoppings": hops}


def haldane():
    t2 = 0.15j
    hops = [hopping(-1, 0, 1, [0, 0]), hopping(-1, 1, 0, [1, 0]), hopping(-1, 1, 0, [0, 1])]
    hops += [hopping(t2, i, i, R) for i, R in ((0, [1, 0]), (1, [1, -1]), (1, [0, 1]))] + [hopping(-t2, i, i, R) for i, R in ((1, [1, 0]), (0, [1, -1]), (0, [0, 1]))]
    return {"lattice": [["1 angstrom", 0], ["0.5 angstrom", ROOT3]], "orbitals": [[1 / 3, 1 / 3], [2 / 3, 2 / 3]], "onsite": [-0.2, 0.2], "hoppings": hops}


STORED = {  # Fermi level eV, sigma_xy S/m, then sigma_xx and the last diagonal element for 1 fs, S/m: tests/reference/integrate_files at T = 0 by sums over states
    "Chiral": [(-2.5, 14567.359138130358, 471910.8245525989, 534208.2943477881),
               (-0.5, 2105.950092477978, 2966.278573360354, 10247.656926190291),
               (1.5, 11541.535343981537, 708574.0067353211, 375368.5936673047),
               (3.5, 514.7901615981552, 953704.4732232812, 61847.251827637745),
               (5.0, 23.757222179764106, 401968.8179223646, 129162.0936025625)],
    "Haldane": [(-1.8, 7252.969059777037, 580743.0253742551, 580743.0253742551),
                (-1.2, 78945.45208364891, 605883.4840065951, 605883.4840065952),
                (1.2, 78945.45208364892, 605883.4840065952, 605883.4840065952),
                (1.8, 7252.969059777053, 580743.0253742553, 580743.0253742553)],
}


@pytest.mark.parametrize("name", STORED)
def test_stored_references_of_wannierberri(answers, call, tmp_path, name):
    model, points, levels, thickness = {"Chiral": (chiral(), [10, 10, 4], np.linspace(-5, 8, 27), 1), "Haldane": (haldane(), [10, 10], np.linspace(-3, 3, 11), 1e-10)}[name]
    section = {"energy_unit": "eV", "model": model, "kgrid": {"points": points}, "temperature": 0, "chemical_potential": levels.tolist(), "relaxation_time": "1 fs",
               "convergence": False, "quantities": ["sigma_H", "sigma_D"]}
    (tmp_path / "case.json").write_text(json.dumps({"bloch": section}))
    got = json.loads(call("--json", "-f", "-o", tmp_path / "out.h5", tmp_path / "case.json").stdout)["results"]["bloch"]
    for level, hall, xx, last in STORED[name]:
        i = int(np.argmin(np.abs(levels - level)))
        sigma, drude = np.array(got["sigma_H"])[0, i] / thickness, np.array(got["sigma_D"])[0, i] / thickness
        assert sigma[0, 1] == pytest.approx(hall, rel=1e-12, abs=1e-9)
        assert drude[0, 0] == pytest.approx(xx, rel=1e-12) and drude[-1, -1] == pytest.approx(last, rel=1e-12)
