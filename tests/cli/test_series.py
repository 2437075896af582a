"""If this fails, a series S(r, t) is not what its frames would be one by one: their inputs, rates, probes, what the file and the line of --json
say over the frames, or what is left of a run that was stopped."""
import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as xml

import h5py
import numpy as np
import pytest

VOLTS = {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"}
TIMES = [0.0, 0.3, 1.0, 1.1]


def base(**changes):
    config = {
        "grid": {"points": [9, 8], "lengths": [0.9, 1.6]}, "boundary": {"x": "dirichlet"}, "coupling": VOLTS,
        "entropy": "3 + x*(1 + t*t) + 0.2*y*t", "time": {"times": TIMES}, "output": {"file": "out.h5"},
    }
    config.update(changes)
    return config


@pytest.fixture
def solve(run, tmp_path):
    """solve(config, *options) runs to success; returns (open file, results)."""

    def solved(config, *options):
        result = run(config, "-f", *(options or ("-t", "1")))
        assert result.returncode == 0, result.stderr
        return h5py.File(tmp_path / "out.h5"), result.json["results"]

    return solved


def frames(file, name):
    return np.array([file[f"data/{k}/meshes/{name}"][...] for k in range(len(file["data"]))])


def write_series(path, name, values, times=None, units=None, group=""):
    with h5py.File(path, "a") as file:
        file[group + name] = values
        if times is not None:
            file[group + "times"] = times
            if units:
                file[group + "times"].attrs["units"] = units


# ---- Where the frames come from ----------------------------------------------------------------------------------------------------

def test_steps_and_instants_and_a_data_set_give_the_same_frames(solve, tmp_path):
    y, x = np.meshgrid((np.arange(8) + 0.5) * 0.2, (np.arange(9) + 0.5) * 0.1, indexing="ij")
    t = np.array([0.5, 0.75, 1.0])
    write_series(tmp_path / "s.h5", "S", [3 + x * (1 + u * u) + 0.2 * y * u for u in t], t * 1e3, "ms")
    results = []
    for change in (dict(time={"start": 0.5, "step": 0.25, "frames": 3}), dict(time={"times": ["500 ms", 0.75, 1]}),
                   dict(time={"times": list(t)}, entropy={"hdf5": "s.h5", "dataset": "/S"})):
        file, _ = solve(base(**change))
        results.append(frames(file, "phi"))
        assert [file[f"data/{k}"].attrs["time"] for k in range(3)] == list(t)
    config = base(entropy={"hdf5": "s.h5", "dataset": "/S"})
    del config["time"]
    results.append(frames(solve(config)[0], "phi"))
    for other in results[1:]:
        assert np.allclose(other, results[0], rtol=1e-13, atol=0)


def test_frames_without_times_are_a_second_apart(solve, tmp_path):
    write_series(tmp_path / "s.h5", "S", np.random.default_rng(1).random((3, 8, 9)))
    config = base(entropy={"hdf5": "s.h5", "dataset": "/S"})
    del config["time"]
    assert solve(config)[1]["time"] == [0, 1, 2]
    assert solve(dict(config, time={"times": [2, 3, 7]}))[1]["time"] == [2, 3, 7], "time names the frames of a file that does not"


@pytest.mark.parametrize("given, code, text", [
    ({"times": [0, 2, 1]}, 3, "must increase"), ({"times": [0, 1, 1]}, 3, "must increase"), ({"step": 1}, 3, "frames"), ({"frames": 2}, 3, "step"),
    ({"step": -1, "frames": 2}, 3, "greater than"), ({"step": 1, "frames": 0}, 3, "from 1"), ({"times": []}, 3, ""), ({"times": ["1 m"]}, 3, "s"),
    ({"step": 1e300, "frames": 1000000000}, 3, ""), ({"times": [0, 1]}, 4, "2 are needed"), ({"times": [0, 1, 2.5]}, 4, "does not agree"),
], ids=str)
def test_times_that_cannot_be(run, tmp_path, given, code, text):
    write_series(tmp_path / "s.h5", "S", np.zeros((3, 8, 9)), [0, 1, 2])
    result = run(base(entropy={"hdf5": "s.h5", "dataset": "/S"}, time=given))
    assert result.returncode == code and text in result.stderr, result.stderr
    assert run(base(entropy={"hdf5": "s.h5", "dataset": "/S"}, time=given), "--check").returncode == code


def test_two_series_must_share_their_times(run, tmp_path):
    write_series(tmp_path / "s.h5", "S", np.zeros((2, 8, 9)), [0, 1], group="a/")
    write_series(tmp_path / "s.h5", "rho", np.zeros((2, 8, 9)), [0, 2], group="b/")
    write_series(tmp_path / "s.h5", "free", np.zeros((2, 8, 9)), group="c/")
    a, b, c = ({"hdf5": "s.h5", "dataset": name} for name in ("/a/S", "/b/rho", "/c/free"))
    config = base(entropy=a, charge=b)
    del config["time"]
    assert run(config).returncode == 4
    for entropy, charge, other in ((a, c, 1), (c, a, 1), (c, b, 2)):
        result = run(dict(config, entropy=entropy, charge=charge), "-f")
        assert result.returncode == 0 and result.json["results"]["time"] == [0, other], result.stderr
    assert run(dict(config, entropy={"sum": [c, a]}, charge=b)).returncode == 4


# ---- Every frame by itself ----------------------------------------------------------------------------------------------------------

CHANGING = {
    "nothing": dict(entropy="3 + x*y"),
    "entropy": dict(entropy="3 + x*y*(1 + t)"),
    "charge": dict(entropy="3 + x*y", charge="1e-11*x*(1 + t)"),
    "faces": dict(entropy="3 + x*y", boundary={"x": {"low": {"dirichlet": "0.1*t"}, "high": "dirichlet"}}),
    "conductivity": dict(entropy="3 + x*y", materials={"conductivity": "1 + x*t"}),
    "permittivity": dict(entropy="3 + x*y", charge="1e-11*x", materials={"permittivity": "2 + t"}),
    "profile": dict(entropy="3 + x*y", coupling={**VOLTS, "profile": "2 + t"}),
    "varying profile": dict(entropy="3 + x*y", boundary={}, reading="field", coupling={**VOLTS, "profile": "2 + x*t"}),
    "point gauge": dict(entropy="3 + x*y*(1 + t)", boundary={"x": "natural"}, charge="1e-11*(x-0.45)*t",
                        solver={"gauge": {"point": [0.2, 0.3], "value": 1}}),
}


@pytest.mark.parametrize("what", CHANGING)
def test_what_is_kept_from_frame_to_frame_changes_no_bit(solve, what):
    """Inputs that do not change are not evaluated again, and parts that follow from them are not solved again."""
    config = base(**CHANGING[what])
    config["output"]["fields"] = ["E", "J_S"] if "reading" in config else ["phi", "E", "J_S", "residual"]
    file, _ = solve(config)
    series = {name: frames(file, name) for name in ("E/x", "E/y", "J_S/x", "J_S/y")}
    file.close()
    for k, t in enumerate(TIMES):
        single, _ = solve(dict(config, time={"times": [t]}))
        for name, values in series.items():
            assert np.array_equal(values[k], frames(single, name)[0]), (name, t)
        single.close()
    changes = any(not np.array_equal(values[0], values[-1]) for values in series.values())
    assert changes == (what != "nothing")


def test_views_links_and_the_sidecar_know_every_frame(solve, tmp_path):
    file, results = solve(base(probes=[{"name": "tip", "at": [0.4, 0.3]}]))
    for k, t in enumerate(TIMES):
        assert np.array_equal(file[f"view/{k}/phi"][...], file[f"data/{k}/meshes/phi"][...])
        assert np.array_equal(file[f"view/{k}/E"][..., 1], file[f"data/{k}/meshes/E/y"][...])
        assert file[f"view/{k}"].attrs["time"] == file[f"data/{k}"].attrs["time"] == t
        assert file[f"data/{k}"].attrs["dt"] == (TIMES[k] - TIMES[k - 1] if k else TIMES[1] - TIMES[0])
    assert np.array_equal(file["phi"][...], file["data/3/meshes/phi"][...]), "short links lead to the last frame"
    assert file["data/3/results"].attrs["phi_max"] == results["phi_max"][3] and len(results["phi_max"]) == 4
    assert not np.array_equal(results["phi_max"], np.repeat(results["phi_max"][0], 4))
    sidecar = xml.parse(tmp_path / "out.xdmf")
    assert [float(item.get("Value")) for item in sidecar.iter("Time")] == TIMES
    paths = re.findall(r":(/view/\d+/\w+)", (tmp_path / "out.xdmf").read_text())
    assert len(paths) == 4 * 3 and all(path in file for path in paths)
    assert [grid.get("CollectionType") for grid in sidecar.iter("Grid") if grid.get("GridType") == "Collection"] == ["Temporal"]


def test_numbers_over_the_frames_are_lists(solve):
    file, results = solve(base(probes=[{"name": "tip", "at": [0.4, 0.3]}, {"name": "foot", "at": [0.9, 1.6]}]))
    assert list(file["series/time"]) == TIMES and file["series/time"].attrs["units"] == b"s"
    for face in results.pop("faces"):
        for name, values in face.items():
            assert name == "name" or np.array_equal(file[f"series/faces/{face['name']}/{name}"][...], values), (face["name"], name)
    for name, values in results.items():
        if name != "probes":
            assert np.array_equal(file[f"series/{name}"][...], values), name
            assert [file[f"data/{k}/results"].attrs[name] for k in range(4)] == values, name
    for probe in results["probes"]:
        group = file[f"series/probes/{probe['name']}"]
        assert set(group) == set(probe) - {"name"} == {"phi", "E_x", "E_y", "J_S_x", "J_S_y"}
        for name in group:
            attributes = file[f"data/2/results/probes/{probe['name']}"].attrs
            assert list(group[name]) == probe[name] and attributes[name] == probe[name][2]
            assert attributes[f"{name}_units"] == group[name].attrs["units"]
    assert file["series/probes/tip/E_x"].attrs["units"] == b"V/m" and file["series/probes/tip/J_S_y"].attrs["units"] == b"A/m^2"
    single, _ = solve(base(time={"times": [1]}))
    assert "series" not in single


def test_memory_does_not_grow_with_the_frames(run):
    peak = {}
    for count in (4, 40):
        result = run(base(grid={"points": [128, 128, 32], "lengths": [1, 1, 1]}, time={"step": 0.1, "frames": count},
                          output={"file": "out.h5", "fields": ["phi"]}), "-f", "-t", "1")
        assert result.returncode == 0
        peak[count] = result.json["peak_rss"]
    field = 128 * 128 * 32 * 8
    assert peak[40] - peak[4] < field, "36 more frames cost less than one field of 4 MB"


# ---- Rates ---------------------------------------------------------------------------------------------------------------------------

def test_rates_of_quadratics_are_exact_at_irregular_times(solve):
    file, _ = solve(base(entropy="3 + x*(1 - 2*t + 5*t*t) + y", output={"file": "out.h5", "fields": ["dS_dt"]}))
    x = (np.arange(9) + 0.5) * 0.1
    for k, t in enumerate(TIMES):
        assert np.allclose(file[f"data/{k}/meshes/dS_dt"][...], x * (10 * t - 2), rtol=0, atol=3e-13)
    assert file["data/0/meshes/dS_dt"].attrs["units"] == b"W/(K m^3)"


def test_rates_are_of_second_order(solve):
    errors = []
    for count in (11, 21, 41):
        file, _ = solve(base(entropy="3 + x*sin(3*t)", time={"start": 0, "step": 2 / (count - 1), "frames": count},
                             output={"file": "out.h5", "fields": ["dS_dt"]}))
        t = np.linspace(0, 2, count)
        rate = frames(file, "dS_dt")[:, 0, 8] / 0.85
        errors.append((np.abs(rate - 3 * np.cos(3 * t))[1:-1].max(), np.abs(rate - 3 * np.cos(3 * t)).max()))
    for coarse, fine in zip(errors, errors[1:]):
        assert coarse[0] / fine[0] > 3.7 and coarse[1] / fine[1] > 3.4, errors


def test_two_frames_give_the_slope_and_one_gives_none(solve, run):
    file, _ = solve(base(entropy="3 + x*t^3", time={"times": [1, 3]}, output={"file": "out.h5", "fields": ["dS_dt"]}))
    assert np.allclose(frames(file, "dS_dt"), (np.arange(9) + 0.5) * 0.1 * 13, rtol=1e-14)
    for given in ({"times": [1]}, {"step": 1, "frames": 1}):
        result = run(base(time=given, output={"file": "out.h5", "fields": ["dS_dt"]}))
        assert result.returncode == 3 and "at least two frames" in result.stderr
    still, results = solve(base(entropy="3 + x", output={"file": "out.h5", "fields": ["dS_dt"]}))
    assert not frames(still, "dS_dt").any(), "what does not change has the rate 0, not rounding"


FLOW = dict(grid={"points": [12, 9, 10], "lengths": [1.2, 0.9, 1.0]}, boundary={"x": "natural", "y": "natural"},
            output={"file": "out.h5", "fields": ["dS_dt", "entropy_current", "div_entropy_current", "entropy_rate"]})


@pytest.mark.parametrize("derivative", ["fd2", "fd4", "fd8", "spectral"])
def test_the_continuity_equation(solve, derivative):
    """S = x^2 t^2 with J_s = (x y t, -y^2, sin 2 pi z): Pi = 2 x^2 t + y t - 2 y + 2 pi cos 2 pi z."""
    config = base(entropy="5 + x^2*t^2", entropy_current=["x*y*t", "-y^2", "sin(2*pi*z)"], solver={"derivative": derivative}, **FLOW)
    file, results = solve(config)
    x, y, z = ((np.arange(n) + 0.5) * 0.1 for n in (12, 9, 10))
    wave = 2 * np.pi * np.cos(2 * np.pi * z)
    tolerance = {"fd2": 0.5, "fd4": 0.09, "fd8": 3e-3, "spectral": 1e-9}[derivative]
    for k, t in enumerate(TIMES):
        flow = (y * t - 2 * y)[None, :, None] + wave[:, None, None] + 0 * x
        record = {name: file[f"data/{k}/meshes/{name}"][...] for name in ("div_entropy_current", "entropy_rate", "dS_dt")}
        assert np.abs(record["div_entropy_current"] - flow).max() < tolerance
        assert np.abs(record["entropy_rate"] - flow - 2 * x**2 * t).max() < tolerance
        assert np.allclose(record["entropy_rate"], record["dS_dt"] + record["div_entropy_current"], rtol=0, atol=1e-13)
        assert np.allclose(file[f"data/{k}/meshes/entropy_current/y"][0, :, 0], -y**2, rtol=1e-14)
    units = {name: file[f"data/0/meshes/{name}"].attrs["unitDimension"] for name in ("dS_dt", "entropy_rate", "div_entropy_current", "entropy_current")}
    assert all(np.array_equal(units["dS_dt"], units[name]) for name in ("entropy_rate", "div_entropy_current"))
    assert list(units["entropy_current"]) == [0, 1, -3, 0, -1, 0, 0]


def test_a_conserved_entropy_has_no_rate(solve):
    """A front that moves at v carries J_s = v S: Pi = 0 up to the order of both differences."""
    profile = "exp(-((x - 0.6 - 0.1*t)/0.12)^2)"
    errors = []
    for n in (80, 160):
        file, results = solve(base(grid={"points": [n], "lengths": [1.2]}, boundary={"x": "natural"}, entropy="10*" + profile,
                                   entropy_current=["0.1*10*" + profile], time={"start": 0, "step": 8 / n, "frames": n // 8 + 1},
                                   output={"file": "out.h5", "fields": ["dS_dt", "entropy_rate"]}))
        errors.append(np.abs(frames(file, "entropy_rate")[1:-1]).max() / np.abs(frames(file, "dS_dt")).max())
    assert errors[1] < errors[0] / 3.7 and errors[1] < 0.02, errors


@pytest.mark.parametrize("change, code, text", [
    (dict(entropy_current=["x", 0], time={"times": [1]}), 3, "at least two frames"), (dict(), 3, "entropy_current"),
    (dict(entropy_current=["x"]), 3, "2 axes"), (dict(entropy_current=[]), 3, "list"), (dict(entropy_current="x"), 3, "list"),
    (dict(entropy_current=["log(x - 1)", 0]), 4, "/entropy_current/0"), (dict(entropy_current=["3 J", 0]), 3, "needed"),
], ids=str)
def test_rates_that_cannot_be(run, change, code, text):
    result = run(base(output={"file": "out.h5", "fields": ["entropy_rate"]}, **change))
    assert result.returncode == code and text in result.stderr, result.stderr


def test_the_divergence_needs_one_frame_only(solve):
    file, _ = solve(base(entropy_current=["x", 0], time={"times": [1]}, output={"file": "out.h5", "fields": ["div_entropy_current"]}))
    assert np.allclose(frames(file, "div_entropy_current"), 1, rtol=0, atol=1e-12)


# ---- Probes --------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("derivative, degree", [("fd2", 1), ("fd4", 3), ("fd6", 5), ("fd8", 7), ("spectral", 7)])
def test_probes_meet_polynomials_of_the_order(solve, derivative, degree):
    """S of degree N - 1 in x, y and z at once: fdN reads it to rounding in all of the box, walls and corners included."""
    config = base(grid={"points": [12, 11, 13], "lengths": [1.2, 1.1, 1.3], "origin": [-0.4, 0.2, 0]}, boundary=dict.fromkeys("xyz", "natural"),
                  entropy=f"2 + (x - 0.1)^{degree} + (y*z)^{degree}*(1 + t)", time={"times": [0, 1]}, solver={"derivative": derivative},
                  output={"file": "out.h5", "fields": ["S"]})
    places = [(-0.4, 0.2, 0), (0.8, 1.3, 1.3), (0.123, 0.777, 0.456), (0.25, 0.75, 0.65), (-0.39, 1.29, 0.01)]
    config["probes"] = [{"name": f"p{i}", "at": list(at)} for i, at in enumerate(places)]
    _, results = solve(config)
    for probe, (x, y, z) in zip(results["probes"], places):
        expected = np.array([2 + (x - 0.1) ** degree + (y * z) ** degree * (1 + t) for t in (0, 1)])
        assert np.allclose(probe["S"], expected, rtol=0, atol=1e-11), (probe, expected)


def test_probes_across_a_periodic_face_and_on_axes_of_one_sample(solve):
    config = base(grid={"points": [32, 1], "lengths": [1.0, 0.3]}, boundary={}, entropy="2 + sin(2*pi*x + t)", solver={"derivative": "fd8"},
                  probes=[{"name": name, "at": [x, y]} for name, x, y in (("low", 0, 0), ("high", 1, 0.3), ("near", 0.005, 0.1))],
                  output={"file": "out.h5", "fields": ["S", "phi"]})
    _, results = solve(config)
    low, high, near = (np.array(probe["S"]) for probe in results["probes"])
    assert np.allclose(low, high, rtol=1e-14) and np.allclose(low, 2 + np.sin(TIMES), atol=1e-8)
    assert np.allclose(near, 2 + np.sin(2 * np.pi * 0.005 + np.array(TIMES)), atol=1e-8)


@pytest.mark.parametrize("at", [[0.91, 0.2], [0.2, -1e-6], [1e300, 0]])
def test_probes_outside_are_refused(run, at):
    result = run(base(probes=[{"name": "in", "at": [0.1, 0.1]}, {"name": "far", "at": at}]))
    assert result.returncode == 3 and "/probes/1/at" in result.stderr and "outside" in result.stderr
    assert run(base(probes=[{"name": "far", "at": at}]), "-n").returncode == 3


# ---- Stopped ---------------------------------------------------------------------------------------------------------------------------

LONG = dict(grid={"points": [96, 96, 32], "lengths": [1, 1, 1]}, boundary={"x": "dirichlet"}, time={"start": 0, "step": 0.1, "frames": 5000},
            probes=[{"name": "tip", "at": [0.4, 0.3, 0.2]}], output={"file": "out.h5", "fields": ["phi"]})


def start(program, write, folder):
    """A long run with at least two finished frames."""
    path = write(base(**LONG))
    process = subprocess.Popen([program, "--json", "-t", "1", str(path)], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")})
    two = 2 * 96 * 96 * 32 * 8
    for _ in range(600):
        written = [p for p in folder.iterdir() if "out" in p.name and p.stat().st_size > two]
        if written:
            return process
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("no frame in 30 s")


def complete_frames(file):
    """Frames whose results are there; phi of each is what its time says."""
    finished = [k for k in sorted(map(int, file["data"])) if f"data/{k}/results/probes/tip" in file]
    assert finished == list(range(len(finished)))
    for k in finished[:: max(1, len(finished) // 5)]:
        assert file[f"data/{k}"].attrs["time"] == pytest.approx(0.1 * k, rel=1e-15)
        phi = file[f"data/{k}/meshes/phi"][...]
        assert np.isfinite(phi).all() and phi.max() == file[f"data/{k}/results"].attrs["phi_max"]
    return finished


def test_a_stopped_series_becomes_partial(program, write, tmp_path):
    process = start(program, write, tmp_path)
    process.send_signal(signal.SIGTERM)
    out, messages = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM and not (tmp_path / "out.h5").exists()
    assert "kept in the .partial.h5" in messages
    with h5py.File(tmp_path / "out.partial.h5") as file:
        finished = complete_frames(file)
        assert len(finished) == len(file["data"]) >= 2 and file["provenance"].attrs["exit_state"] == b"interrupted"
        tip = [file[f"data/{k}/results/probes/tip"].attrs["phi"] for k in finished]
        assert list(file["series/probes/tip/phi"]) == tip and len(file["series/time"]) == len(finished)
        assert np.array_equal(file["phi"][...], file[f"data/{finished[-1]}/meshes/phi"][...])


def test_a_killed_series_stays_readable_in_the_temporary(program, write, tmp_path):
    process = start(program, write, tmp_path)
    process.kill()
    process.communicate(timeout=60)
    temporary, = (p for p in tmp_path.iterdir() if "out" in p.name and p.suffix != ".json")
    assert temporary.name != "out.h5"
    with h5py.File(temporary) as file:
        assert len(complete_frames(file)) >= 1


def test_progress_counts_frames(program, write, tmp_path):
    path = write(base(grid={"points": [64, 64, 64], "lengths": [1, 1, 1]}, time={"step": 0.1, "frames": 20}, output={"file": "out.h5", "fields": ["phi"]}))
    done = subprocess.run([program, "--progress", "always", str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    shares = [int(share) for share in re.findall(r"frames .*?(\d+) %", done.stderr)]
    assert done.returncode == 0 and len(set(shares)) >= 3 and shares == sorted(shares), done.stderr
