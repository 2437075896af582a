"""If this fails, finite volumes and finite elements no longer agree on a device: the difference between this program and getdp must fall as h^2 and stay
within getdp's own error. Skipped where getdp is not installed (package getdp)."""
import os

import getdp
import h5py
import numpy as np
import pytest
from scipy import constants

C = 2e15
KAPPA = constants.hbar / constants.e * C
VOLTS = {"closure": "custom", "value": C, "unit": "K m^3 J^-1 s^-1"}

pytestmark = pytest.mark.skipif(getdp.PROGRAM is None, reason="getdp is not installed")


def to_getdp(text):
    """An expression of the configuration in getdp's words."""
    for name in ("sin", "cos", "exp"):
        text = text.replace(name + "(", name.capitalize() + "[")
    for name in "xyz":
        text = text.replace(f"*{name}", f"*{name.upper()}[@]")
    out, open_brackets = "", []
    for c in text.replace("[@]", "@"):
        if c in "([":
            open_brackets.append("]" if c == "[" else ")")
        out += open_brackets.pop() if c == ")" else c
    return out.replace("@", "[]")


def nodes(points, lengths):
    return np.meshgrid(*[np.linspace(0, length, n) for length, n in zip(lengths, points)][::-1], indexing="ij")[::-1]


@pytest.fixture
def ours(run, tmp_path):
    def solve(config, name):
        done = run({"coupling": VOLTS, **config}, "-f", "-o", tmp_path / "out.h5")
        assert done.returncode == 0, done.stderr
        with h5py.File(tmp_path / "out.h5") as file:
            return file[f"data/0/meshes/{name}"][...], done.json["results"]

    return solve


def judge(difference, theirs, coarser):
    """difference: ours - theirs on grids of n, 2n, 4n; theirs and coarser: getdp's solutions on the last two, at the nodes they share."""
    fall = np.log2(np.array(difference[:-1]) / difference[1:])
    own = np.abs(theirs - coarser).max() / 3          # getdp's own error, by Richardson
    if os.environ.get("QEP_TEST_VERBOSE"):
        print("\n    differences", *[f"{d:.2g}" for d in difference], "orders", *fall.round(2), "getdp's own error", f"{own:.2g}")
    assert (np.abs(fall - 2) < 0.25).all() and difference[-1] < 4 * own, (difference, fall, own)


def shared(dim):
    return (slice(None, None, 2),) * dim


# S has no normal derivative at insulating and natural walls: where they meet a wall at a given voltage the field would be singular (r log r), and neither of
# the two programs of second order.
CONDUCTION = {
    "film": ([1.2, 0.8], [16, 12], "exp(0.9*x)*(1 + 0.5*cos(3.9269908169872414*y))", "1 + 0.4*sin(2*x)", "sin(3*x + 0.5)*(1 + 0.3*cos(7.853981633974483*y))",
             ["3*cos(3*x + 0.5)*(1 + 0.3*cos(7.853981633974483*y))", "-0.3*7.853981633974483*sin(3*x + 0.5)*sin(7.853981633974483*y)"]),
    "block": ([1.2, 0.8, 0.5], [8, 6, 4], "exp(0.9*x)*(1 + 0.5*cos(3.9269908169872414*y))", "1 + 0.4*sin(2*x)", "sin(3*x + 0.5)*(1 + 0.3*cos(7.853981633974483*y)*cos(6.283185307179586*z))",
              ["3*cos(3*x + 0.5)*(1 + 0.3*cos(7.853981633974483*y)*cos(6.283185307179586*z))",
               "-0.3*7.853981633974483*sin(3*x + 0.5)*sin(7.853981633974483*y)*cos(6.283185307179586*z)",
               "-0.3*6.283185307179586*sin(3*x + 0.5)*cos(7.853981633974483*y)*sin(6.283185307179586*z)"]),
}


@pytest.mark.parametrize("case", CONDUCTION)
def test_conduction_with_a_fed_face_and_a_floating_strip(ours, tmp_path, case):
    """V of T7: left face at 0 V, right face fed, a strip of metal across the sample that floats; sigma and kappa vary."""
    lengths, coarse, sigma, profile, S, slopes = CONDUCTION[case]
    dim, current, difference, fields = len(lengths), 0.7, [], []
    for factor in (1, 2, 4):
        points = [factor * n + 1 for n in coarse]
        x = nodes(points, lengths)[0]
        strip = (x > 0.6 - 1e-9) & (x < 0.75 + 1e-9) if dim == 2 else (x > 0.6 - 1e-9) & (x < 0.75 + 1e-9) & (np.abs(x / 0.15 - np.round(x / 0.15)) < 2)
        V, results = ours({
            "grid": {"points": points, "lengths": lengths, "sampling": "node", **({"thickness": 1} if dim == 2 else {})}, "reading": "field", "entropy": S,
            "coupling": {**VOLTS, "profile": profile}, "materials": {"conductivity": sigma}, "boundary": dict.fromkeys("xyz"[:dim], "natural"),
            "output": {"fields": ["V"]},
            "electrodes": [{"name": "left", "face": "x-low", "voltage": 0}, {"name": "right", "face": "x-high", "current": current},
                           {"name": "strip", "where": "x > 0.6 - 1e-9 && x < 0.75 + 1e-9"}]}, "V")
        theirs = getdp.solve(tmp_path, points, lengths, [(x < 1e-9, 0.0)], [(x > 1.2 - 1e-9, current), (strip, 0.0)], coefficient=to_getdp(sigma),
                             profile=f"{KAPPA!r}*({to_getdp(profile)})", gradient=", ".join(map(to_getdp, slopes + ["0"] * (3 - dim))))
        difference.append(np.abs(V - theirs).max())
        fields.append(theirs)
        assert [e["voltage"] for e in results["electrodes"]] == pytest.approx([0, V[(0,) * (dim - 1) + (-1,)], V[strip][0]], rel=1e-9)
    judge(difference, fields[2][shared(dim)], fields[1])


def test_a_dielectric_with_charge_and_entropy(ours, tmp_path):
    """phi of T6: permittivity and kappa that vary, charge, voltages on two faces, natural faces on the others."""
    lengths, eps, profile, S = [1.2, 0.8], "2 + sin(2*x)*cos(3*y)", "1 + 0.5*cos(2*x)*sin(1 + 2*y)", "sin(3*x)*(1 + 0.3*cos(7.853981633974483*y))"
    difference, fields = [], []
    for factor in (1, 2, 4):
        points = [16 * factor + 1, 12 * factor + 1]
        x = nodes(points, lengths)[0]
        phi, _ = ours({"grid": {"points": points, "lengths": lengths, "sampling": "node"}, "entropy": S, "coupling": {**VOLTS, "profile": profile},
                       "materials": {"permittivity": eps}, "charge": f"{constants.epsilon_0!r}*(1 + 3*sin(4*x))", "output": {"fields": ["phi"]},
                       "boundary": {"x": {"low": {"dirichlet": "0.3 V"}, "high": {"dirichlet": "-0.5 V"}}, "y": "natural"}}, "phi")
        theirs = getdp.solve(tmp_path, points, lengths, [(x < 1e-9, 0.3), (x > 1.2 - 1e-9, -0.5)], coefficient=to_getdp(eps), profile=f"-{KAPPA!r}*({to_getdp(profile)})",
                             gradient=to_getdp("3*cos(3*x)*(1 + 0.3*cos(7.853981633974483*y)), -2.356194490192345*sin(3*x)*sin(7.853981633974483*y), 0"), source=to_getdp("1 + 3*sin(4*x)"))
        difference.append(np.abs(phi - theirs).max())
        fields.append(theirs)
    judge(difference, fields[2][shared(2)], fields[1])
