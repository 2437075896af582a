"""If this fails, a device that cannot be built as described is built anyway, or is refused without saying which electrode, load or
face is meant, what came and what helps."""
import copy

import pytest

VOLTS = {"closure": "custom", "value": 2e15, "unit": "K m^3 J^-1 s^-1"}
FILM = {
    "grid": {"points": [16, 12], "lengths": [1.6, 1.2], "thickness": 0.1},
    "entropy": "3 + sin(x)*cos(y)",
    "coupling": VOLTS,
    "electrodes": [{"name": "left", "face": "x-low", "voltage": "0 V"}, {"name": "right", "face": "x-high"}],
    "loads": [{"between": ["left", "right"], "resistance": "50 ohm"}],
    "output": {"fields": ["V", "J", "E_total"]},
}
WIRE = {"grid": {"points": [16], "lengths": [1.6], "cross_section": 0.1}, "entropy": "x", "coupling": VOLTS, "electrodes": FILM["electrodes"]}


def device(base=FILM, **changes):
    config = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            config.pop(key, None)
        else:
            config[key] = value
    return config


def electrodes(*rows):
    return device(loads=None, electrodes=[*rows])


LEFT, RIGHT = FILM["electrodes"]
TIP = {"name": "tip", "where": "x > 1.4"}

# configuration, exit code, words that the message must hold
FAULTS = {
    "name twice": (electrodes(LEFT, {**RIGHT, "name": "left"}), 3, ["/electrodes/1/name", "left", "twice"]),
    "no name": (electrodes({"face": "x-low"}), 3, ["/electrodes/0", "name"]),
    "name with a slash": (electrodes({**LEFT, "name": "a/b"}), 3, ["/electrodes/0/name", "without"]),
    "name too long": (electrodes({**LEFT, "name": "n" * 41}), 3, ["/electrodes/0/name", "40"]),
    "no place": (electrodes({"name": "a"}), 3, ["/electrodes/0", "face", "where"]),
    "two places": (electrodes({**LEFT, "where": "x < 1"}), 3, ["/electrodes/0/where", "one place"]),
    "no such face": (electrodes({**LEFT, "face": "x-lo"}), 3, ["/electrodes/0/face", 'did you mean "x-low"', "z-high"]),
    "face of no axis": (electrodes({**LEFT, "face": "z-low"}), 3, ["/electrodes/0/face", "2 axes"]),
    "face of a flat axis": (device(grid={"points": [16, 1], "lengths": [1.6, 1.2], "thickness": 1}, electrodes=[{"name": "a", "face": "y-low"}], loads=None,
                                   entropy="x"), 3, ["/electrodes/0/face", "one sample"]),
    "face twice": (electrodes(LEFT, {**LEFT, "name": "other"}), 3, ["/electrodes/1/face", "left", "already"]),
    "voltage and current": (electrodes({**LEFT, "current": 0}), 3, ["/electrodes/0/current", "not both"]),
    "voltage in A": (electrodes({**LEFT, "voltage": "1 A"}), 3, ["/electrodes/0/voltage", "unit A", "V is needed"]),
    "current in V": (electrodes(LEFT, {**RIGHT, "current": "1 V"}), 3, ["/electrodes/1/current", "A is needed"]),
    "current in A without thickness": (device(grid={"points": [16, 12], "lengths": [1.6, 1.2]}, loads=None, electrodes=[LEFT, {**RIGHT, "current": "1 A"}]), 3,
                                       ["/electrodes/1/current", "A/m"]),
    "where moves": (electrodes({"name": "tip", "where": "x > t"}), 3, ["/electrodes/0/where", "does not move"]),
    "where unknown": (electrodes({"name": "tip", "where": "x > q"}), 3, ["/electrodes/0/where", "q"]),
    "unknown key": (electrodes({**LEFT, "voltag": 1}), 3, ["voltag", 'did you mean "voltage"']),
    "where nowhere": (electrodes(LEFT, {"name": "tip", "where": "x > 99"}), 3, ["/electrodes/1", "tip"]),
    "overlap": (electrodes({"name": "a", "where": "x < 0.5"}, {"name": "b", "where": "x > 0.3 && x < 0.9"}), 3, ["/electrodes/", '"a"', '"b"']),
    "in an insulator": (device(loads=None, electrodes=[LEFT, TIP], materials={"conductivity": "x < 1 ? 5 : 0"}), 5, ["/electrodes/1", "tip", "conduct"]),
    "face in an insulator": (device(loads=None, materials={"conductivity": "x < 1 ? 5 : 0"}), 5, ["/electrodes/1", "right", "conduct"]),
    "currents that do not sum to zero": (electrodes({"name": "left", "face": "x-low", "current": 2.5}, {**RIGHT, "current": 1}), 5, ["/electrodes", "3.5"]),
    "nothing but metal": (electrodes({"name": "all", "where": "1", "voltage": 1}), 5, ["/electrodes/0", '"all"', "no conducting sample", "end of the grid"]),
    "walled in by metal": (electrodes({"name": "corner", "where": "x < 0.4", "voltage": 1}, {"name": "wall", "where": "x > 0.4 && x < 0.8", "voltage": 1}), 5,
                           ["/electrodes/0", '"corner"', "electrodes and the end of the grid"]),
    "nothing between two faces": (device(grid={"points": [16, 2], "lengths": [1.6, 1.2], "sampling": "node", "thickness": 1},
                                         electrodes=[{"name": "floor", "face": "y-low", "voltage": 0}, {"name": "lid", "face": "y-high"}],
                                         loads=[{"between": ["floor", "lid"], "resistance": 1}]), 5, ["/electrodes/0", "no conducting sample", "end of the grid"]),
    "touching at two voltages": (electrodes({"name": "a", "where": "x > 0.2 && x < 0.5", "voltage": 0}, {"name": "b", "where": "x > 0.5 && x < 0.9", "voltage": "1 mV"}), 5,
                                 ["/electrodes/1", '"a" (0 V)', '"b" (0.001 V)', "touch", "one voltage"]),
    "touching across a period": (device(loads=None, boundary={"x": "periodic"}, electrodes=[{"name": "a", "where": "x < 0.3", "voltage": 0},
                                                                                      {"name": "b", "where": "x > 1.3", "voltage": 1}]), 5, ['"a"', '"b"', "touch"]),
    "nothing conducts": (device(materials={"conductivity": "0*x"}), 5, ["/materials/conductivity", "0 everywhere"]),
    "load far below the contacts": (device(loads=[{"between": ["left", "right"], "resistance": "1e-15 ohm"}]), 5,
                                    ["/loads/0/resistance", "1e-15 ohm", '"left"', '"right"', "short", "one voltage"]),
    "load without end": (device(loads=[{"between": ["left", "right"], "resistance": "1/0"}]), 4, ["/loads/0/resistance", "inf", "finite"]),
    "conductivity without end": (device(materials={"conductivity": "1/(x - 0.05)"}), 4, ["/materials/conductivity", "inf", "x = 0.05 m"]),
    "conductivity that is no number": (device(materials={"conductivity": "log(x - 0.5)"}), 4, ["/materials/conductivity", "nan", "x = 0.05 m"]),
    "no permittivity": (device(materials={"permittivity": 0}), 3, ["/materials/permittivity", "greater than 0"]),
    "current that cannot leave": (electrodes({"name": "left", "face": "x-low", "current": 1}), 5, ["/electrodes/0", '"left" (1)', "add up to 1", "voltage"]),
    "island that is fed": (device(loads=None, materials={"conductivity": "x > 0.7 && x < 0.9 ? 0 : 1"},
                                  electrodes=[{"name": "left", "face": "x-low", "current": 0.3}, {**RIGHT, "current": -0.3}]), 5,
                           ["/electrodes/0", '"left" (0.3)', "add up to 0.3", "connected piece"]),
    "currents per length": (device(loads=None, grid={"points": [16, 12], "lengths": [1.6, 1.2]}, electrodes=[{"name": "left", "face": "x-low", "current": "2 A/m"}]), 5,
                            ["add up to 2 A/m"]),
    "load to nobody": (device(loads=[{"between": ["left", "rigth"], "resistance": 1}]), 3, ["/loads/0/between/1", "rigth", 'did you mean "right"']),
    "load without electrodes": (device(electrodes=None, conduction={}), 3, ["/loads/0/between", "no electrode"]),
    "load to itself": (device(loads=[{"between": ["left", "left"], "resistance": 1}]), 3, ["/loads/0/between", "itself"]),
    "negative load": (device(loads=[{"between": ["left", "right"], "resistance": "-5 ohm"}]), 3, ["/loads/0/resistance", "-5"]),
    "short": (device(loads=[{"between": ["left", "right"], "resistance": 0}]), 3, ["/loads/0/resistance", "short"]),
    "load in V": (device(loads=[{"between": ["left", "right"], "resistance": "1 V"}]), 3, ["/loads/0/resistance", "ohm is needed"]),
    "load between three": (device(loads=[{"between": ["left", "right", "left"], "resistance": 1}]), 3, ["/loads/0/between", "two names"]),
    "load without resistance": (device(loads=[{"between": ["left", "right"]}]), 3, ["/loads/0", "resistance"]),
    "load without thickness": (device(grid={"points": [16, 12], "lengths": [1.6, 1.2]}), 3, ["/loads", "grid.thickness"]),
    "load without cross-section": (device(WIRE, grid={"points": [16], "lengths": [1.6]}, loads=FILM["loads"]), 3, ["/loads", "grid.cross_section"]),
    "literal": (device(coupling=None), 3, ["/electrodes", "literal", "V s J K^-1 m^-3", "cell", "custom"]),
    "directional without length": (device(reading="directional", direction=[1, 0],
                                          coupling={"closure": "cell", "cell_volume": 1e-28, "time": 1e-12}), 3, ["/electrodes", "V/m", "length"]),
    "gradient": (device(reading="gradient"), 5, ["/electrodes", "gradient", "poisson"]),
    "V on a natural face": (device(conduction={"boundary": "natural"}), 3, ["/conduction/boundary", "insulating"]),
    "V of no kind": (device(conduction={"boundary": {"y": "insulated"}}), 3, ["/conduction/boundary/y", 'did you mean "insulating"']),
    "V on a third axis": (device(conduction={"boundary": {"z": "insulating"}}), 3, ["/conduction/boundary/z", "2 axes"]),
    "V periodic on one face": (device(conduction={"boundary": {"y": {"low": "periodic", "high": "insulating"}}}), 3, ["/conduction/boundary/y", "both faces"]),
    "V periodic where phi is not": (device(boundary={"y": "natural"}, conduction={"boundary": {"y": "periodic"}}), 3, ["/conduction/boundary", "boundary.y"]),
    "V periodic where an electrode is": (device(conduction={"boundary": {"x": "periodic"}}), 3, ["/conduction/boundary", "electrode"]),
    "V fixed where an electrode is": (device(conduction={"boundary": {"x": {"low": {"dirichlet": "1 V"}, "high": "insulating"}}}), 3,
                                      ["/conduction/boundary", "left", "x-low"]),
    "V on nodes of a period": (device(grid={"points": [16, 12], "lengths": [1.6, 1.2], "thickness": 1, "sampling": "node"}, boundary={"x": "periodic"}), 3,
                               ["electrodes", "node sampling", "boundary.x"]),
    "matrix of nothing": (device(electrodes=None, loads=None, conduction={"conductance": True}), 3, ["/conduction/conductance", "electrodes"]),
    "V without conduction": (device(electrodes=None, loads=None), 3, ["/output/fields/0", "electrodes"]),
    "fft of what varies": (device(loads=None, materials={"conductivity": "1 + x"}, solver={"method": "fft"}), 5, ["fft"]),
    "negative conductivity": (device(materials={"conductivity": "1 - x"}), 4, ["/materials/conductivity", "negative"]),
    "negative permittivity": (device(materials={"permittivity": "1 - x"}), 4, ["/materials/permittivity", "positive"]),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_are_named(run, tmp_path, case):
    config, code, words = FAULTS[case]
    done = run(config)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)
    assert not list(tmp_path.glob("*.h5"))
    assert done.json["exit"] == code and done.json["errors"]


@pytest.mark.parametrize("case", FAULTS)
def test_a_check_finds_the_same(run, case):
    config, code, words = FAULTS[case]
    done = run(config, "--check")
    assert done.returncode == code, done.stderr
    assert all(word in done.stderr for word in words)


# configuration, words of a warning or note; the run is fine
REMARKS = {
    "grounded contacts": (device(boundary={"x": "dirichlet"}), ["left", "dirichlet", "open-circuit voltage"]),
    "periodic contacts": (device(boundary={"x": "periodic"}), ["right", "periodic", "open-circuit voltage"]),
    "no reference": (electrodes(RIGHT), ['"right" is taken for 0 V']),
    "parts alone": (device(coupling=None, output={"fields": ["phi_S"]}), ["/electrodes has no effect"]),
    "touching": (electrodes({"name": "a", "where": "x > 0.2 && x < 0.5"}, {"name": "b", "where": "x > 0.5 && x < 0.9"}), ['"a" touches', "no current"]),
    "almost an insulator": (device(materials={"conductivity": "x < 0.5 && y < 0.9 ? 1e-11 : 1"}), ["factor of 1e+11", "few correct digits"]),
    "meeting at an edge": (electrodes({**LEFT, "voltage": 1}, {"name": "floor", "face": "y-low", "voltage": 0}), ['"left" and "floor"', "edge", "grows"]),
    "apart": (electrodes({"name": "a", "where": "x < 0.3"}, {"name": "b", "where": "x > 1.3"}) | {"materials": {"conductivity": "x > 0.7 && x < 0.9 ? 0 : 1"}},
              ['"a" and "b"', "no current can join"]),
    "idle iterations": (device(electrodes=None, loads=None, output={"fields": ["phi"]}, boundary={"x": "dirichlet"}, solver={"max_iterations": 9}),
                        ["/solver/max_iterations has no effect"]),
    "idle method": (device(electrodes=None, loads=None, output={"fields": ["phi"]}, solver={"method": "pcg-mg"}), ["/solver/method has no effect"]),
    "volumes": (device(electrodes=None, loads=None, output={"fields": ["phi"]}, boundary={"x": "dirichlet"}, materials={"permittivity": "1 + x"}),
                ["finite volumes of order 2", "fd4"]),
}


@pytest.mark.parametrize("case", REMARKS)
def test_remarks_are_made(run, case):
    config, words = REMARKS[case]
    done = run(config)
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def test_one_fault_is_one_error(run):
    """A faulty electrode is not reported a second time as the absence of what it would have made."""
    for case in ("unknown key", "load to nobody", "voltage in A", "load without end"):
        done = run(FAULTS[case][0])
        assert len(done.json["errors"]) == 1, done.stderr


def test_a_device_without_remarks_says_what_it_reads(run):
    done = run(FILM)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()
    assert "electrode left: 0 V" in done.stderr and "electrode right:" in done.stderr and "load 0: 50 ohm" in done.stderr
