"""If this fails, the sources random, pattern and bits do not make what they say: moments and correlation within the statistical error of many
seeds, fractions of area, numbers of bits to rounding; the same bits for any number of threads."""
import h5py
import numpy as np
import pytest
from scipy import special

K_B = 1.380649e-23
BIT = K_B * np.log(2)


@pytest.fixture
def field(run, tmp_path):
    """field(value, grid, *options, **changes) -> (S of all frames [frames, ...], results, messages)."""

    def filled(value, grid, *options, **changes):
        config = {"grid": grid, "entropy": value, "output": {"file": "out.h5", "fields": ["S"]}, **changes}
        result = run(config, "-f", *(options or ("-t", "1")))
        assert result.returncode == 0, result.stderr
        with h5py.File(tmp_path / "out.h5") as file:
            values = np.array([file[f"data/{k}/meshes/S"][...] for k in range(len(file["data"]))])
        return values, result.json["results"], result.stderr

    return filled


@pytest.fixture
def realisations(call, write, tmp_path):
    """realisations(value, grid, count, **changes) -> S [count, ...] of a random source with the seeds 0, 1, ..."""

    def made(value, grid, count, **changes):
        config = {"grid": grid, "output": {"fields": ["S"], "views": False, "xdmf": False}, **changes}
        paths = [write({**config, "entropy": {**value, "seed": seed}}, f"s{seed}.json") for seed in range(count)]
        result = call("-q", "-f", "-t", "1", *paths)
        assert result.returncode == 0, result.stderr
        found = []
        for path in paths:
            with h5py.File(tmp_path / path.with_suffix(".h5").name) as file:
                found.append(file["data/0/meshes/S"][...])
        return np.array(found)

    return made


def within(samples, expected, slack, errors=4.5):
    """The mean over seeds (first axis) is the expected one, to so many standard errors of that mean and a stated slack."""
    mean, error = samples.mean(axis=0), samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert np.all(np.abs(mean - expected) <= errors * error + slack), np.abs((mean - expected) / (errors * error + slack)).max()


# ---- random -----------------------------------------------------------------------------------------------------------------------------

def matern(r, length, order):
    x = np.maximum(r / length, 1e-12)
    return 2 ** (1 - order) / special.gamma(order) * x**order * special.kv(order, x)


SPECTRA = {
    "gaussian": ({}, lambda r, l: np.exp(-((r / l) ** 2))),
    "exponential": ({}, lambda r, l: np.exp(-r / l)),
    "power": ({"exponent": 6}, lambda r, l: matern(r, l, 2.0)),
}


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_moments_and_correlation_on_periodic_axes(realisations, spectrum):
    """2-D, 64 x 60 samples of 16 x 15 lengths: 24 seeds."""
    keys, correlation = SPECTRA[spectrum]
    value = {"source": "random", "mean": 5, "rms": 2, "correlation_length": 0.25, "spectrum": spectrum, **keys}
    found = realisations(value, {"points": [64, 60], "lengths": [4.0, 3.75]}, 24)
    within(found.mean(axis=(1, 2)), 5, 0)
    within(((found - 5) ** 2).mean(axis=(1, 2)), 4, 0)
    waves = np.abs(np.fft.fftn(found - 5, axes=(1, 2))) ** 2
    measured = np.fft.ifftn(waves, axes=(1, 2)).real / (64 * 60) / 4
    lags = np.arange(1, 13)
    r = lags * 4.0 / 64
    slack = 1e-3 if spectrum == "exponential" else 1e-6   # what modes beyond the nearest aliases hold
    within(measured[:, 0, 1:13], correlation(r, 0.25), slack)
    within(measured[:, 1:13, 0], correlation(r, 0.25), slack)
    within(measured[:, lags, lags], correlation(np.sqrt(2) * r, 0.25), slack)
    normal = (found - 5).ravel() / 2
    assert abs((normal**4).mean() - 3) < 0.3 and abs((normal**3).mean()) < 0.2


def test_three_axes_and_one(realisations):
    for grid, count in (({"points": [20, 18, 16], "lengths": [2.0, 1.8, 1.6]}, 16), ({"points": [240], "lengths": [24.0]}, 24)):
        value = {"source": "random", "rms": 3, "correlation_length": 0.3}
        found = realisations(value, grid, count)
        within((found**2).reshape(count, -1).mean(axis=1), 9, 0)
        for lag in (1, 3):
            within((found * np.roll(found, lag, axis=-1)).reshape(count, -1).mean(axis=1), 9 * np.exp(-((lag / 3) ** 2)), 1e-9)


@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_open_axes_are_not_periodic(realisations, sampling):
    """The box is padded: walls have the same variance, the correlation goes on up to them, and opposite faces do not know each other."""
    grid = {"points": [48, 40], "lengths": [2.4 if sampling == "cell" else 2.35, 2.0], "sampling": sampling}
    value = {"source": "random", "rms": 1, "correlation_length": 0.25, "spectrum": "gaussian"}
    found = realisations(value, grid, 32, boundary={"x": "natural"})
    within((found[:, :, 0] ** 2).mean(axis=1), 1, 0)
    within((found[:, :, 0] * found[:, :, -1]).mean(axis=1), 0, 1e-6)
    within((found[:, :, 0] * found[:, :, 5]).mean(axis=1), np.exp(-1), 1e-9)
    within((found[:, 0, :] * found[:, -1, :]).mean(axis=1), np.exp(-(0.2**2)), 1e-9)


def test_a_sample_can_have_the_moments_itself(field):
    for grid in ({"points": [31, 17], "lengths": [1, 1]}, {"points": [5], "lengths": [1]}):
        values, results, _ = field({"source": "random", "mean": -3, "rms": 0.5, "correlation_length": 0.2, "statistics": "sample"}, grid)
        assert values.mean() == pytest.approx(-3, rel=1e-13) and values.std() == pytest.approx(0.5, rel=1e-12)
        assert results["random"][0]["sample_mean"] if isinstance(results["random"], list) else results["random"]["sample_mean"] == pytest.approx(-3)
    constant, _, _ = field({"source": "random", "mean": 7, "rms": 0, "correlation_length": 0.2}, grid)
    assert np.all(constant == 7)


@pytest.mark.parametrize("points", [[13, 11, 7], [1, 16], [16, 1, 9], [1], [2, 3], [97]], ids=str)
def test_any_grid_and_any_number_of_threads(field, points):
    grid = {"points": points, "lengths": [1.0] * len(points)}
    for boundary in ("periodic", "natural"):
        faces = {axis: boundary for axis, n in zip("xyz", points) if n > 1}
        value = {"sum": [{"source": "random", "seed": 9007199254740991, "mean": 4, "rms": 1, "correlation_length": 0.3, "spectrum": "exponential"},
                         {"source": "random", "mean": 4, "rms": 1, "correlation_length": 0.2}]}
        one, first, _ = field(value, grid, "-t", "1", boundary=faces)
        three, second, _ = field(value, grid, "-t", "3", boundary=faces)
        assert np.array_equal(one, three) and first == second and np.isfinite(one).all()
        if one.size > 1:
            assert one.std() > 0


def test_two_phases(realisations, field):
    grid = {"points": [64, 64], "lengths": [1, 1]}
    phases = {"fraction": 0.3, "inside": 2, "outside": "1 + 0*x"}
    value = {"source": "random", "correlation_length": 0.06, "phases": phases}
    found = realisations(value, grid, 24)
    assert set(np.unique(found)) == {1, 2}
    within((found == 2).mean(axis=(1, 2)), 0.3, 0)
    exact, results, _ = field({**value, "statistics": "sample", "seed": 4}, grid)
    assert (exact == 2).sum() == round(0.3 * 64 * 64)
    level = {"source": "random", "seed": 4, "mean": 10, "rms": 2, "correlation_length": 0.06}
    smooth, _, _ = field(level, grid)
    cut, _, _ = field({**level, "phases": {"level": 11, "inside": "x", "outside": 5}}, grid)
    x = (np.arange(64) + 0.5) / 64
    assert np.array_equal(cut[0], np.where(smooth[0] > 11, x[None, :] + 0 * smooth[0], 5))
    for fraction, only in ((0, 1), (1, 2)):
        for statistics in ("ensemble", "sample"):
            values, _, _ = field({**value, "phases": {**phases, "fraction": fraction}, "statistics": statistics}, grid)
            assert np.all(values == only)


@pytest.mark.parametrize("length, text", [(0.01, "shorter than the spacing"), (0.7, "exceeds half the extent"), (50, "exceeds half the extent")])
def test_lengths_that_say_little_are_warned_of(field, length, text):
    values, _, messages = field({"source": "random", "rms": 1, "correlation_length": length}, {"points": [32], "lengths": [1]})
    assert text in messages and np.isfinite(values).all()
    if length == 50:
        assert np.ptp(values) < 0.1 and abs(values.mean()) < 5
    _, _, quiet = field({"source": "random", "rms": 1, "correlation_length": 0.2}, {"points": [32], "lengths": [1]})
    assert "warning" not in quiet.lower()


def test_disorder_of_anything(field, run):
    """The unit is that of the place: charge, conductivity, a profile; and parts of a field."""
    grid = {"points": [16, 12], "lengths": [1, 1]}
    noise = {"source": "random", "seed": 3, "correlation_length": 0.2}
    config = {"grid": grid, "entropy": {"product": ["1e3 J/(K m^3)", {**noise, "mean": 1, "rms": 0.1}]},
              "charge": {**noise, "rms": "1e-12 C/m^3", "statistics": "sample"}, "materials": {"conductivity": {**noise, "phases": {"fraction": 0.5, "inside": "2 S/m", "outside": 1}}},
              "coupling": {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"}, "output": {"file": "o.h5", "fields": ["S", "phi", "J_S", "conductivity"]}}
    result = run(config)
    assert result.returncode == 0, result.stderr
    assert run({**config, "charge": {**noise, "rms": "1 V"}}, "-f").returncode == 3
    whole, _, _ = field({**noise, "mean": 5, "rms": 1}, grid)
    part, _, _ = field({"regions": [{"where": "x < 0.4", "value": {**noise, "mean": 5, "rms": 1}}], "default": 1}, grid)
    x = (np.arange(16) + 0.5) / 16
    assert np.array_equal(part[0], np.where(x[None, :] < 0.4, whole[0], 1))


# ---- pattern ------------------------------------------------------------------------------------------------------------------------------

def share(values, inside=1.0):
    return (values == inside).mean()


PATTERN = {"source": "pattern", "kind": "dots", "period": 0.25, "size": 0.18, "inside": 1, "outside": 0}
BOX = {"points": [256, 256], "lengths": [1, 1]}


def test_shares_of_area(field):
    disc = np.pi * 0.09**2 / 0.25**2
    sharp, results, messages = field(PATTERN, BOX)
    assert share(sharp) == pytest.approx(disc, abs=0.01) and "seam" not in messages
    smooth, results, _ = field({**PATTERN, "antialias": True}, BOX)
    assert smooth.mean() == pytest.approx(disc, rel=1e-3) and 0 < ((smooth > 0) & (smooth < 1)).mean() < 0.1
    antidots, _, _ = field({**PATTERN, "kind": "antidots"}, BOX)
    assert np.array_equal(antidots, 1 - sharp)
    stripes, _, _ = field({**PATTERN, "kind": "stripes", "size": 0.0999, "antialias": True}, BOX)
    assert stripes.mean() == pytest.approx(0.0999 / 0.25, rel=1e-9), "a ramp of one spacing is the share of the cell"
    hexagonal, _, _ = field({**PATTERN, "lattice": "hexagonal", "antialias": True}, {"points": [256, 256], "lengths": [1, np.sqrt(3) * 0.5]})
    assert hexagonal.mean() == pytest.approx(disc / np.sqrt(0.75), rel=1e-3)


def test_patterns_repeat(field):
    for changes, shift in (({}, (64, 0)), ({}, (0, 64)), ({"kind": "stripes"}, (0, 64))):
        values, _, _ = field({**PATTERN, **changes}, BOX)
        assert np.array_equal(np.roll(values[0], shift, axis=(0, 1)), values[0]) and 0 < values.mean() < 1
    hexagonal, _, _ = field({**PATTERN, "lattice": "hexagonal"}, {"points": [256, 222], "lengths": [1, np.sqrt(3) * 0.5]})
    assert np.abs(np.roll(hexagonal[0], (111, 0), axis=(0, 1)) - hexagonal[0]).mean() < 0.01, "two rows are a period"
    values, _, _ = field({**PATTERN, "kind": "stripes", "axis": "z"}, {"points": [4, 3, 50], "lengths": [1, 1, 1]})
    assert np.array_equal(values[0], values[0][:, :1, :1] + 0 * values[0]) and set(np.unique(values)) == {0, 1}
    cylinders, _, _ = field({**PATTERN, "axis": "x"}, {"points": [4, 32, 32], "lengths": [1, 1, 1]})
    assert np.array_equal(cylinders[0], cylinders[0][:, :, :1] + 0 * cylinders[0]) and 0 < cylinders.mean() < 1


def test_the_first_centre_is_half_a_period_inside(field):
    values, _, _ = field({**PATTERN, "size": 0.05}, {"points": [40, 40], "lengths": [1, 1], "origin": [3, -7]}, boundary={"x": "natural", "y": "natural"})
    rows, columns = np.nonzero(values[0])
    assert {tuple(np.floor(np.array(p) / 10)) for p in zip(rows, columns)} == {(i, j) for i in range(4) for j in range(4)}
    assert np.array_equal(values[0], values[0][::-1, ::-1]) and values[0][5, 5] == 1


def test_jitter_moves_each_dot_by_at_most_itself(field):
    grid = {"points": [256, 256], "lengths": [1, 1]}
    centres = []
    for seed in range(3):
        values, _, _ = field({**PATTERN, "size": 0.1, "jitter": 0.06, "seed": seed}, grid)
        for j in range(4):
            for i in range(4):
                block = values[0][64 * j:64 * j + 64, 64 * i:64 * i + 64]
                y, x = np.nonzero(block)
                centres.append((x.mean() - 31.5, y.mean() - 31.5))
    moved = np.array(centres) / 256
    assert np.abs(moved).max() <= 0.06 + 0.003 and 0.02 < moved.std() < 0.05
    assert abs(moved.mean()) < 4.5 * 0.06 / np.sqrt(3) / np.sqrt(moved.size)
    still, _, _ = field({**PATTERN, "size": 0.1, "jitter": 0, "seed": 5}, grid)
    assert np.array_equal(still, field({**PATTERN, "size": 0.1}, grid)[0])


def test_displaced_dots_go_through_periodic_faces(field):
    """Shifted by half a period the faces cut through dots: the halves belong together."""
    values, _, _ = field({**PATTERN, "size": 0.2, "jitter": 0.12, "seed": 2, "antialias": True}, BOX)
    whole = np.pi * 0.1**2
    assert values.mean() <= 16 * whole * 1.001
    step = max(np.abs(np.diff(values[0], axis=a)).max() for a in (0, 1))
    seam = max(np.abs(values[0][:, 0] - values[0][:, -1]).max(), np.abs(values[0][0] - values[0][-1]).max())
    assert values[0][:, 0].any() or values[0][0].any(), "some dot reaches a face"
    assert seam <= step + 1e-12
    _, _, messages = field({**PATTERN, "period": 0.3}, BOX)
    assert "seam" in messages
    _, _, messages = field({**PATTERN, "size": 0.003}, BOX)
    assert "below the spacing" in messages


@pytest.mark.parametrize("value", [{**PATTERN, "jitter": 0.1, "seed": 3, "lattice": "hexagonal", "inside": "x", "outside": "1 + y"},
                                   {**PATTERN, "kind": "stripes", "jitter": 0.1, "seed": 3}], ids=["dots", "stripes"])
def test_patterns_do_not_depend_on_threads(field, value):
    grid = {"points": [37, 23, 5], "lengths": [1, 0.7, 0.3]}
    assert np.array_equal(field(value, grid, "-t", "1")[0], field(value, grid, "-t", "3")[0])


# ---- bits ------------------------------------------------------------------------------------------------------------------------------------

NM = 1e-9
BITS = {"source": "bits", "period": "25 nm", "size": "20 nm"}


def total(values, volume):
    """Entropy in bits."""
    return values.reshape(len(values), -1).sum(axis=1) * volume / BIT


@pytest.mark.parametrize("points", [[100, 90, 50], [37, 41, 13], [7, 5, 3]], ids=str)
def test_every_bit_is_counted(field, points):
    """Whatever the spacing: the overlap of samples and cells is exact, so the sum is 4 x 3 x 2 bits."""
    lengths = [100 * NM, 90 * NM, 51 * NM]
    values, results, _ = field(BITS, {"points": points, "lengths": lengths})
    volume = np.prod([l / n for l, n in zip(lengths, points)])
    assert total(values, volume)[0] == pytest.approx(24, rel=1e-12)
    numbers = results["bits"]
    assert numbers["cells"] == 24 and numbers["unknown_bits"] == 24 and numbers["entropy"] == pytest.approx(24 * BIT, rel=1e-14)
    if points[0] == 100:
        assert values.max() == pytest.approx(BIT / (20 * NM) ** 3, rel=1e-12)
        row = values[0][5, 5, :25] / values.max()    # the cell reaches from 2.5 to 22.5 nm
        assert np.allclose(row, [0, 0, 0.5] + 19 * [1] + [0.5, 0, 0], rtol=0, atol=1e-12)


def test_flat_grids_and_nodes(field):
    film, _, _ = field(BITS, {"points": [41, 37], "lengths": [100 * NM, 90 * NM], "thickness": 10 * NM}, boundary={"x": "natural"})
    assert total(film, 100 * NM / 41 * 90 * NM / 37 * 10 * NM)[0] == pytest.approx(12, rel=1e-12)
    wire, _, _ = field(BITS, {"points": [23], "lengths": [100 * NM], "cross_section": 1e-16})
    assert total(wire, 100 * NM / 23 * 1e-16)[0] == pytest.approx(4, rel=1e-12)
    for boundary in ("natural", "periodic"):
        nodes, _, _ = field({**BITS, "size": "25 nm"}, {"points": [41], "lengths": [100 * NM], "cross_section": 1e-16, "sampling": "node"}, boundary={"x": boundary})
        weights = np.ones(41) * (100 * NM / (40 if boundary == "natural" else 41))
        weights[[0, -1]] *= 0.5 if boundary == "natural" else 1
        assert (nodes[0] * weights).sum() * 1e-16 / BIT == pytest.approx(4, rel=1e-12), boundary


@pytest.mark.parametrize("order", ["raster", "random"])
def test_erasing_moves_the_entropy_out_of_the_memory(field, order):
    grid, volume = {"points": [40, 30], "lengths": [100 * NM, 75 * NM], "thickness": 10 * NM}, (2.5 * NM) ** 2 * 10 * NM
    erase = {"start": "1 ns", "interval": "2 ns", "order": order}
    time = {"times": [f"{t} ns" for t in (0, 0.999, 1, 2.999, 3, 15, 23, 100)]}
    value = {**BITS, "erase": erase, **({"seed": 3} if order == "random" else {})}
    memory, results, _ = field(value, grid, time=time)
    released, _, _ = field({**value, "quantity": "released"}, grid, time=time)
    erased = [0, 0, 1, 1, 2, 8, 12, 12]
    assert np.allclose(total(memory, volume), 12 - np.array(erased), atol=1e-11)
    assert np.allclose(memory + released, memory[0], rtol=1e-14, atol=0), "nothing is lost"
    assert results["bits"]["erased_bits"] == erased and results["bits"]["unknown_bits"] == [12 - n for n in erased]
    first = released[2] > 0
    corner = np.zeros_like(first)
    corner[:10, :10] = True
    assert first.any() and ((first <= corner).all() if order == "raster" else True)
    if order == "random":
        assert not np.array_equal(memory[5], field({**value, "erase": {**erase, "order": "raster"}} | {"unknown": 0.999999999}, grid, time=time)[0][5])


def test_a_cell_takes_its_time(field):
    """Linear in time: dS/dt is -k_B ln 2 per volume and duration, in one cell after another."""
    config = dict(time={"start": "0.25 ns", "step": "0.5 ns", "frames": 12})
    grid = {"points": [40], "lengths": [100 * NM], "cross_section": 1e-16}
    value = {**BITS, "erase": {"interval": "1 ns", "duration": "1 ns"}}
    memory, _, _ = field(value, grid, **config)
    t = 0.25 + 0.5 * np.arange(12)
    assert np.allclose(total(memory, 2.5 * NM * 1e-16), 4 - np.clip(t, 0, 4), atol=1e-11)
    at_once, _, _ = field({**BITS, "erase": {"order": "all", "start": "1 ns"}}, grid, **config)
    assert np.allclose(total(at_once, 2.5 * NM * 1e-16), np.where(t < 1, 4, 0), atol=1e-12)


def test_unknown_bits_are_drawn_by_the_seed(field):
    grid = {"points": [64, 64], "lengths": [64 * NM, 64 * NM], "thickness": 1 * NM}
    value = {"source": "bits", "period": "1 nm", "unknown": 0.3, "seed": 5}
    values, results, _ = field(value, grid)
    count = results["bits"]["unknown_bits"]
    assert abs(count - 0.3 * 4096) < 4.5 * np.sqrt(0.21 * 4096) and count == round(total(values, 1e-27)[0])
    assert np.array_equal(values, field(value, grid, "-t", "3")[0]) and not np.array_equal(values, field({**value, "seed": 6}, grid)[0])


def test_the_cell_volume_is_that_of_the_closure(run):
    """Closure cell counts the entropy in k_B per volume: kappa S of an unknown bit is (hbar/e) ln 2/time."""
    config = {"grid": {"points": [40], "lengths": [100 * NM]}, "entropy": {**BITS, "size": "25 nm", "cell_volume": "1e4 nm^3", "erase": {"order": "all", "start": 1}},
              "coupling": {"closure": "cell", "time": "1 ps"}, "time": {"times": [0, 2]}, "output": {"file": "o.h5", "fields": ["phi"]}}
    result = run(config)
    assert result.returncode == 0, result.stderr
    hbar_over_e = 1.054571817646156e-34 / 1.602176634e-19
    assert result.json["results"]["kappa_S_range"] == pytest.approx([0, 0], abs=1e-17)     # all cells alike, to rounding of 4.6e-4 V
    assert result.json["results"]["kappa"][0] * BIT / 1e-23 == pytest.approx(hbar_over_e * np.log(2) / 1e-12, rel=1e-12)
