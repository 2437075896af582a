"""If this fails, maps over the Brillouin zone do not add up to the numbers they belong to, lie on wrong axes, or do not open where other fields do."""
import json
import xml.etree.ElementTree as xml

import h5py
import numpy as np
import pytest

BASE = {"model": {"name": "haldane"}, "kgrid": {"points": [24, 18], "shift": [0.25, 0.5]}, "temperature": [400, 300], "chemical_potential": ["0.8 eV", "0 eV"],
        "relaxation_time": "100 fs", "frequency": ["1 THz", "20 THz"], "field": [1e3, 2e3], "spin_factor": 2}
CELL_LENGTH = 2.46e-10
WEYL = {"model": {"name": "weyl", "k0": 1.1}, "kgrid": {"points": [8, 6, 10], "shift": [0.5, 0.5, 0.5]}, "temperature": 900, "chemical_potential": "0.5 eV",
        "relaxation_time": "50 fs", "field": [1, 2, 3]}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.fixture
def maps(call, write, tmp_path):
    def run(section, *args, code=0):
        got = call("--json", "-f", "-o", tmp_path / "m.h5", *args, write({"bloch": section}))
        line = json.loads(got.stdout)
        assert line["exit"] == code, got.stdout + got.stderr
        return (line["results"].get("bloch"), h5py.File(tmp_path / "m.h5")) if code == 0 else line["errors"]
    return run


def component(table, name, dim):
    """First (frequency,) T and mu of a table; one tensor component when the map has one."""
    value = np.array(table)
    while value.ndim > (2 if name else 0):
        value = value[0]
    return value["xyz".index(name[0]), "xyz".index(name[1])] if name else value


@pytest.mark.parametrize("base, cell, dim", [(BASE, CELL_LENGTH ** 2 * np.sqrt(3) / 2, 2), (WEYL, 5e-10 ** 3, 3)], ids=["haldane", "weyl"])
def test_integrands_add_up_to_the_quantity(maps, base, cell, dim):
    names = ["s", "n", "dos", "sigma_D", "sigma_H", "sigma_inter", "alpha_D", "alpha_H", "alpha_N", "alpha_S", "fg", "fG", "entropy_production",
             "entropy_production_drude", "entropy_production_interband", "sigma", "alpha", "kappa_D"]
    got, file = maps({**base, "quantities": names, "maps": names})
    meshes = file["data/0/meshes"]
    for name in names:
        found = [m for m in meshes if m == f"k_{name}" or m.startswith(f"k_{name}_") and len(m) == len(f"k_{name}_xy")]
        assert found, name
        for mesh in found:
            part = mesh[len(f"k_{name}_"):]
            want = component(got[name], part, dim)
            assert meshes[mesh][()].mean() / cell == pytest.approx(want, rel=1e-11, abs=1e-14 * np.abs(got[name]).max()), mesh
    assert len([m for m in meshes if m.startswith("k_alpha_H_")]) == dim * (dim - 1) // 2
    assert len([m for m in meshes if m.startswith("k_sigma_") and len(m) == len("k_sigma_xy")]) == dim * dim
    assert len([m for m in meshes if m.startswith("k_sigma_D_")]) == dim * (dim + 1) // 2


def test_bands_and_curvature(maps):
    got, file = maps({**BASE, "spin_factor": 1, "quantities": ["bands", "chern"], "maps": ["energy", "berry_curvature", "quantum_metric", "normalised_metric"]})
    meshes = file["data/0/meshes"]
    bands = np.array(got["bands"])
    for band in (0, 1):
        np.testing.assert_allclose(meshes[f"k_energy_band{band}"][()], bands[:, :, band].T, rtol=1e-14)
        area = 8 * np.pi ** 2 / np.sqrt(3) / CELL_LENGTH ** 2
        chern = meshes[f"k_berry_curvature_xy_band{band}"][()].mean() * area / (2 * np.pi)
        assert chern == pytest.approx(got["chern"][band], abs=3e-4)  # exponential in the grid; the table comes from links
        g = {c: meshes[f"k_quantum_metric_{c}_band{band}"][()] for c in ("xx", "xy", "yy")}
        curvature = np.abs(meshes[f"k_berry_curvature_xy_band{band}"][()])
        assert np.all(g["xx"] + g["yy"] >= curvature * (1 - 1e-12))
        # two bands: det g = (Omega/2)^2, and G = 2 g/(e_n - e_m)
        np.testing.assert_allclose(g["xx"] * g["yy"] - g["xy"] ** 2, curvature ** 2 / 4, rtol=1e-9, atol=1e-48)
        other = meshes[f"k_energy_band{1 - band}"][()]
        np.testing.assert_allclose(meshes[f"k_normalised_metric_xy_band{band}"][()], 2 * g["xy"] / (meshes[f"k_energy_band{band}"][()] - other), rtol=1e-9,
                                   atol=1e-9 * np.abs(g["xx"]).max() / 1e-19)
    np.testing.assert_allclose(meshes["k_berry_curvature_xy_band0"][()], -meshes["k_berry_curvature_xy_band1"][()], rtol=1e-10)


def test_velocity_is_the_slope_of_the_energy(maps):
    """By Fourier differentiation along both axes of an oblique lattice: hbar v . b_i/2 pi = d e/d t_i at k = sum t_i b_i/2 pi."""
    _, file = maps({**BASE, "kgrid": {"points": [48, 48]}, "maps": ["energy", "velocity"], "map_bands": [0]})
    meshes = file["data/0/meshes"]
    assert not [m for m in meshes if "band1" in m]
    energy = meshes["k_energy_band0"][()]
    b = meshes["k_energy_band0"].attrs["axisVectors"].reshape(2, 2)
    order = np.fft.fftfreq(48, 1 / 48)
    order[24] = 0
    slopes = [np.fft.ifft(1j * order * np.fft.fft(energy, axis=1), axis=1).real, np.fft.ifft(1j * order[:, None] * np.fft.fft(energy, axis=0), axis=0).real]
    v = [meshes[f"k_velocity_{c}_band0"][()] for c in "xy"]
    for i in (0, 1):
        np.testing.assert_allclose(1.054571817e-34 / (2 * np.pi) * (v[0] * b[i, 0] + v[1] * b[i, 1]), slopes[i], atol=3e-7 * np.abs(slopes).max())


def test_axes_and_units(maps):
    _, file = maps({**BASE, "maps": ["berry_curvature", "alpha_H", "s"]})
    mesh = file["data/0/meshes/k_berry_curvature_xy_band0"]
    length = 4 * np.pi / np.sqrt(3) / CELL_LENGTH
    assert mesh.shape == (18, 24) and [text(t) for t in mesh.attrs["axisLabels"]] == ["k2", "k1"]
    np.testing.assert_allclose(mesh.attrs["gridSpacing"], [length / 18, length / 24])
    np.testing.assert_allclose(mesh.attrs["gridGlobalOffset"], [0.5 * length / 18, 0.25 * length / 24])
    assert text(mesh.attrs["geometry"]) == "other" and text(mesh.attrs["gridUnits"]) == "1/m" and text(mesh.attrs["units"]) == "m^2"
    np.testing.assert_array_equal(mesh.attrs["gridUnitDimension"].reshape(2, 7)[:, 0], [-1, -1])
    b = mesh.attrs["axisVectors"].reshape(2, 2)
    i, j = np.arange(24) + 0.25, np.arange(18) + 0.5
    for c in (0, 1):
        want = b[0, c] * i[None, :] / 24 + b[1, c] * j[:, None] / 18
        np.testing.assert_allclose(file[f"data/0/meshes/k_{'xy'[c]}"][()], want, rtol=1e-12, atol=1e-3)
    assert sorted(text(file["data/0/meshes/k_alpha_H_xy"].attrs["units"]).split()) == sorted("m^2 A K^-1".split())
    assert text(file["data/0/meshes/k_s"].attrs["units"]) == "J/K" and "T = 400 K" in text(file["data/0/meshes/k_s"].attrs["long_name"])


def test_orthogonal_axes_are_cartesian(maps):
    _, file = maps({**WEYL, "maps": ["berry_curvature"], "map_bands": [1]})
    meshes = file["data/0/meshes"]
    assert sorted(meshes) == [f"k_berry_curvature_{c}_band1" for c in ("xy", "xz", "yz")]
    mesh = meshes["k_berry_curvature_xy_band1"]
    assert mesh.shape == (10, 6, 8) and text(mesh.attrs["geometry"]) == "cartesian" and "axisVectors" not in mesh.attrs


def test_views_links_plot_and_sidecar(maps, tmp_path):
    _, file = maps({**BASE, "maps": ["alpha_H", "energy"]})
    view = file["view/0/k_alpha_H_xy"]
    np.testing.assert_array_equal(view[()], file["data/0/meshes/k_alpha_H_xy"][()])
    np.testing.assert_array_equal(file["k_alpha_H_xy"][()], view[()])
    assert view.dims[0][0].name == "/axis_k2" and view.dims[1][0].name == "/axis_k1"
    np.testing.assert_allclose(np.diff(file["axis_k1"][()]), file["data/0/meshes/k_alpha_H_xy"].attrs["gridSpacing"][1], rtol=1e-6)
    plot = file["plot/k_alpha_H_xy"]
    assert text(file.attrs["default"]) == "plot" and plot["signal"].shape == (18, 24) and [text(t) for t in plot.attrs["axes"]] == ["k2", "k1"]
    tree = xml.parse(tmp_path / "m.xdmf")
    items = {a.get("Name"): a.find("DataItem") for a in tree.iter("Attribute")}
    assert {"k_alpha_H_xy", "k_energy_band0", "k_energy_band1", "k_x", "k_y"} == set(items)
    name, path = items["k_alpha_H_xy"].text.strip().split(":")
    assert name == "m.h5" and file[path].shape == (18, 24)


def test_beside_a_field(call, write, tmp_path):
    """Maps and fields in one file, each on its own axes."""
    config = {"grid": {"points": [6, 4], "spacing": ["1 nm", "1 nm"]}, "output": {"fields": ["S"]},
              "entropy": {"source": "bloch", "temperature": "300 + 10*x/1e-9", "chemical_potential": "0.8 eV", "thickness": "1 nm"},
              "bloch": {"model": {"name": "haldane"}, "kgrid": {"points": [12, 12]}, "temperature": 300, "chemical_potential": "0.8 eV", "maps": ["s"]}}
    got = call("-f", "-o", tmp_path / "b.h5", write(config))
    assert got.returncode == 0, got.stderr
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["data/0/meshes/S"].shape == (4, 6) and file["data/0/meshes/k_s"].shape == (12, 12)
        assert "S" in file["plot"] and file["k_s"].shape == (12, 12)
    assert len(list(xml.parse(tmp_path / "b.xdmf").iter("Topology"))) == 2


def test_same_bits_for_any_threads(maps):
    every = []
    for threads in "13":
        _, file = maps({**BASE, "maps": ["alpha_H", "quantum_metric", "sigma_D"]}, "-t", threads)
        every.append({m: file["data/0/meshes"][m][()] for m in file["data/0/meshes"]})
        file.close()
    for name in every[0]:
        np.testing.assert_array_equal(every[0][name], every[1][name])


def test_single_precision_and_no_views(call, write, tmp_path):
    got = call("-f", "-o", tmp_path / "s.h5", write({"bloch": {**BASE, "maps": ["s"]}, "output": {"precision": "single", "views": False}}))
    assert got.returncode == 0, got.stderr
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["data/0/meshes/k_s"].dtype == np.float32 and "view" not in file


REFUSED = [({"maps": []}, 3, "list of maps"), ({"maps": ["T1"]}, 3, "no map"), ({"maps": ["berry"]}, 3, "berry_curvature"), ({"maps": ["s", "s"]}, 3, "twice"),
           ({"maps": [1]}, 3, "name of a map"), ({"maps": ["energy"], "map_bands": [2]}, 3, "0 to 1"), ({"maps": ["energy"], "map_bands": [0, 0]}, 3, "twice"),
           ({"maps": ["energy"], "map_bands": [-1]}, 3, "map_bands"), ({"maps": ["s"], "map_bands": [0]}, 3, "no map of"),
           ({"maps": ["sigma_D"], "relaxation_time": None}, 3, "relaxation_time"), ({"maps": ["dos"], "temperature": 0}, 3, "T = 0"),
           ({"maps": ["energy"], "model": {"name": "parabolic", "dimension": 2}}, 3, "continuum"), ({"map_bands": [0], "quantities": ["s"]}, 3, "no map of")]


@pytest.mark.parametrize("changes, code, words", REFUSED, ids=range(len(REFUSED)))
def test_refused(call, write, changes, code, words):
    section = {k: v for k, v in {**BASE, **changes}.items() if v is not None}
    got = call("--json", write({"bloch": section}))
    assert got.returncode == code and words in got.stdout, got.stdout
