"""If this fails, either the bits of default runs depend on a cache in somebody's home, or the wisdom of --plan measure and patient is lost, torn by
runs at the same time, or able to stop a run."""
import hashlib
import json
import os
import pathlib
import re
import subprocess

import h5py
import pytest

MEASURE = ("--plan", "measure")


def config(n=18):
    # Walls of two kinds and a spectral derivative: transforms of both of the program's makers of plans are needed.
    return {
        "grid": {"points": [n, n - 3, 10], "lengths": ["9 nm", "7 nm", "5 nm"]},
        "boundary": {"z": {"low": {"dirichlet": "0 V"}, "high": "neumann"}},
        "entropy": "1e3*(1 + 0.5*sin(2*pi*x/9e-9))",
        "solver": {"derivative": "spectral"},
        "coupling": {"closure": "cell", "cell_volume": "45 angstrom^3", "time": "100 fs"},
    }


def cache(tmp_path):
    files = list((tmp_path / "cache").glob("qep-solve/*"))
    assert len(files) == 1 and files[0].suffix == ".wisdom", files
    return files[0]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def provenance(path):
    with h5py.File(path, "r") as file:
        value = file["provenance"].attrs["wisdom_sha256"]
        return value.decode() if isinstance(value, bytes) else value


def bits(path):
    """Bytes of every data set of the frames."""
    digest = hashlib.sha256()

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            digest.update(name.encode() + item[...].tobytes())

    with h5py.File(path, "r") as file:
        file["data"].visititems(add)
    return digest.hexdigest()


def solved(run, *options, **keywords):
    result = run(config(), "-f", *options, **keywords)
    assert result.returncode == 0, result.stderr
    return result, result.config.with_suffix(".h5")


def test_measured_plans_are_kept_and_used_again(run, tmp_path):
    first, output = solved(run, *MEASURE)
    kept = cache(tmp_path)
    assert kept.read_text().startswith("(fftw-") and "fftw_codelet" in kept.read_text()
    assert provenance(output) == sha256(kept) and "warning" not in first.stderr
    before, data = kept.stat(), bits(output)
    for _ in range(2):
        again, output = solved(run, *MEASURE)
        after = kept.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "nothing new, yet written"
        assert provenance(output) == sha256(kept) and bits(output) == data and "warning" not in again.stderr


def test_patient_keeps_its_own(run, tmp_path):
    small = {**config(), "grid": {"points": [12, 9, 8], "lengths": ["9 nm", "7 nm", "5 nm"]}}
    assert run(small, "-f", *MEASURE).returncode == 0
    measured = cache(tmp_path).read_text()
    assert run(small, "-f", "--plan", "patient").returncode == 0
    assert len(cache(tmp_path).read_text()) > len(measured)


def test_default_runs_know_no_wisdom(run, tmp_path):
    _, output = solved(run)
    assert provenance(output) == "none" and not (tmp_path / "cache").exists()
    data = bits(output)
    solved(run, *MEASURE)
    kept = cache(tmp_path)
    kept.write_text("no wisdom at all")
    plain, output = solved(run)
    assert "warning" not in plain.stderr, "a default run looked at the cache"
    assert bits(output) == data and provenance(output) == "none" and kept.read_text() == "no wisdom at all"


def test_wisdom_none_uses_no_file(run, tmp_path):
    for plan in [MEASURE, ()]:
        result, output = solved(run, *plan, "--wisdom", "none")
        assert provenance(output) == "none" and "warning" not in result.stderr
    assert not (tmp_path / "cache").exists() and not (tmp_path / "none").exists()


def test_wisdom_without_measuring_is_refused(run, tmp_path):
    for plan in [(), ("--plan", "estimate")]:
        result = run(config(), *plan, "--wisdom", "mine")
        assert result.returncode == 2 and "--wisdom FILE has no effect" in result.stderr and "--plan measure" in result.stderr
    assert not (tmp_path / "mine").exists() and not list(tmp_path.glob("*.h5"))


def test_a_file_of_ones_own(run, tmp_path):
    """Relative to the working directory; a link to it stays a link; an empty file is none yet."""
    (tmp_path / "real").touch()
    (tmp_path / "mine").symlink_to("real")
    result, output = solved(run, *MEASURE, "--wisdom", "mine")
    assert "warning" not in result.stderr and (tmp_path / "mine").is_symlink()
    assert provenance(output) == sha256(tmp_path / "real") and not (tmp_path / "cache").exists()
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("case")) == ["mine", "real"]


DAMAGE = {
    "text": lambda path: path.write_text("no wisdom at all"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "other version": lambda path: path.write_text(path.read_text().replace("(fftw-3", "(fftw-2")),
    "other processor": lambda path: path.write_text(re.sub(r"fftw_wisdom #x\w+", "fftw_wisdom #x12345678", path.read_text())),
    "zeros": lambda path: path.write_bytes(bytes(100) + path.read_bytes()),
    "too large": lambda path: path.write_bytes(path.read_bytes() + b" " * 2**20),
    "world-writable": lambda path: path.chmod(0o666),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_bad_wisdom_is_a_warning(run, tmp_path, damage):
    solved(run, *MEASURE, "--wisdom", "mine")
    damage(tmp_path / "mine")
    before = (tmp_path / "mine").read_bytes() if (tmp_path / "mine").is_file() else None
    result, output = solved(run, *MEASURE, "--wisdom", "mine")
    assert "warning: wisdom" in result.stderr and "mine is not used" in result.stderr
    assert "stays as it is" in result.stderr and len(provenance(output)) == 64
    if before is not None:
        assert (tmp_path / "mine").read_bytes() == before, "a file that is no wisdom was overwritten"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_wisdom_of_another_user_is_not_read(run, tmp_path):
    solved(run, *MEASURE, "--wisdom", "mine")
    os.chown(tmp_path / "mine", 12345, -1)
    result, _ = solved(run, *MEASURE, "--wisdom", "mine")
    assert "belongs to another user" in result.stderr


def test_a_damaged_cache_is_made_anew(run, tmp_path):
    solved(run, *MEASURE)
    cache(tmp_path).write_text("(fftw-3.3.10 fftw_wisdom")
    warned, _ = solved(run, *MEASURE)
    assert "made anew" in warned.stderr
    good, output = solved(run, *MEASURE)
    assert "warning" not in good.stderr and provenance(output) == sha256(cache(tmp_path))


def test_unwritable_places_are_a_warning(run, tmp_path):
    (tmp_path / "file").write_text("x")
    for place in [tmp_path / "file", pathlib.Path("/proc/nowhere")]:
        result, _ = solved(run, *MEASURE, env={"XDG_CACHE_HOME": str(place)})
        assert "warning: wisdom" in result.stderr and "could not be written" in result.stderr
    result, _ = solved(run, *MEASURE, "--wisdom", "no/such/folder/mine")
    assert "could not be written: No such file" in result.stderr and not (tmp_path / "no").exists()
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(0o500)
        result, _ = solved(run, *MEASURE, env={"XDG_CACHE_HOME": str(tmp_path / "locked")})
        assert "could not be written: Permission denied" in result.stderr


def test_the_cache_lies_where_xdg_says(run, tmp_path):
    home = tmp_path / "home"
    for relative in ["", "relative/does/not/count"]:
        result, _ = solved(run, *MEASURE, env={"XDG_CACHE_HOME": relative, "HOME": str(home)})
        assert "warning" not in result.stderr
        files = list((home / ".cache/qep-solve").iterdir())
        assert len(files) == 1 and files[0].name.startswith("fftw-3")
        assert (home / ".cache/qep-solve").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "relative").exists()


def test_eight_runs_at_once_lose_nothing(program, tmp_path):
    """Eight lengths measured at the same time: afterwards the cache is whole and knows them all."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    names = [f"case{n}.json" for n in range(24, 40, 2)]
    for name in names:
        (tmp_path / name).write_text(json.dumps(config(int(name[4:6]))))
    start = lambda *arguments: subprocess.Popen([program, "-f", *MEASURE, *arguments], cwd=tmp_path, env=environment,
                                                stderr=subprocess.PIPE, text=True)
    for process in [start(name) for name in names]:
        messages = process.communicate(timeout=120)[1]
        assert process.returncode == 0 and "warning" not in messages, messages
    kept = cache(tmp_path)
    before = sha256(kept)
    after = start(*names)
    messages = after.communicate(timeout=120)[1]
    assert after.returncode == 0 and "warning" not in messages, messages
    assert sha256(kept) == before, "a run's wisdom was lost"
    assert [provenance(tmp_path / name.replace(".json", ".h5")) for name in names] == [before] * len(names)


def test_a_killed_writer_leaves_nothing_that_hurts(run, tmp_path):
    """The unfinished file of a writer that was killed is overwritten, not read."""
    (tmp_path / "mine.part").write_text("half")
    result, output = solved(run, *MEASURE, "--wisdom", "mine")
    assert "warning" not in result.stderr and provenance(output) == sha256(tmp_path / "mine")
    assert not (tmp_path / "mine.part").exists()
