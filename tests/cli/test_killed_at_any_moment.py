"""If this fails, a machine that goes down, or a queue that kills, costs people a finished result, or leaves a file that looks like one. Runs
that replace an older result are killed at random moments; QEP_KILLS sets how many (default 200)."""
import hashlib
import json
import os
import random
import signal
import subprocess
import time

import h5py
import pytest

KILLS = int(os.environ.get("QEP_KILLS", "200"))
GRID = {"points": [64, 64, 64], "lengths": [1, 1, 1]}
NAMES = ("A", "B")


def config(name):
    """Two problems with the same shape and different data; deflate makes the write long enough to be hit."""
    return {"grid": GRID, "entropy": "sin(7*x)*cos(5*y) + z" if name == "A" else "cos(3*x*y) - z",
            "output": {"file": "result.h5", "deflate": 1, "fields": ["phi", "E"]}}


def digest(path):
    """sha256 over all arrays of /data; any damage to the file's structure raises."""
    sums = hashlib.sha256()

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            sums.update(name.encode() + item[...].tobytes())

    with h5py.File(path, "r") as file:
        file["data"].visititems(add)
        assert file["provenance"].attrs["exit_state"] in (b"complete", "complete")
    return sums.hexdigest()


@pytest.fixture
def replaced(program, tmp_path):
    """A folder with an older result, and what belongs to it: start(name), whole (digest of each), seconds of a run."""

    class Place:
        folder, file = tmp_path, tmp_path / "result.h5"
        whole, seconds = {}, 0.0
        known = {}  # digests by what the file is on the disk: an untouched file is read only once

        def start(self, name):
            return subprocess.Popen([program, "-q", "-f", "-t", "1", f"{name}.json"], cwd=tmp_path, stderr=subprocess.PIPE)

        def content(self):
            stat = self.file.stat()
            key = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if key not in self.known:
                self.known[key] = digest(self.file)
            return self.known[key]

        def temporaries(self):
            return list(tmp_path.glob(".*"))

    place = Place()
    for name in NAMES:
        (tmp_path / f"{name}.json").write_text(json.dumps(config(name)))
    seconds = []
    for name in (*NAMES, "B", "A"):  # A is the older result
        begin = time.monotonic()
        assert place.start(name).wait(timeout=60) == 0
        seconds.append(time.monotonic() - begin)
        place.whole[name] = place.content()
    place.seconds = min(seconds)
    assert place.whole["A"] != place.whole["B"]
    return place


def moments(place, seed):
    """Without end: half anywhere in a run, half around its end, where the file is flushed and renamed. A run's length follows the machine's
    load: it is shortened when a run ended before its signal, and grows again slowly."""
    chance = random.Random(seed)
    while True:
        yield chance.uniform(0, place.seconds)
        yield chance.uniform(0.8 * place.seconds, 1.1 * place.seconds)


def late(place, ended):
    place.seconds *= 0.95 if ended else 1.02


def test_kill_9_leaves_the_older_or_the_newer_file_whole(replaced):
    older, killed, writing = "A", 0, 0
    size = replaced.file.stat().st_size
    for attempt, moment in enumerate(moments(replaced, 9)):
        if killed == KILLS:
            break
        assert attempt < 4 * KILLS, "most runs end before they are killed"
        newer = "B" if older == "A" else "A"
        for part in replaced.temporaries():
            part.unlink()  # so that what lies there afterwards is this run's
        process = replaced.start(newer)
        time.sleep(moment)
        process.kill()
        hit = process.wait() == -signal.SIGKILL
        late(replaced, not hit)
        killed += hit
        process.stderr.close()
        writing += any(part.stat().st_size > 0.1 * size for part in replaced.temporaries())
        content = replaced.content()
        assert content in (replaced.whole[older], replaced.whole[newer])
        older = older if content == replaced.whole[older] else newer
    assert writing >= KILLS / 5, writing


def test_the_next_run_sweeps_what_a_killed_one_left(replaced):
    for _, moment in zip(range(60), moments(replaced, 3)):
        process = replaced.start("B")
        time.sleep(moment)
        process.kill()
        process.communicate()
        late(replaced, process.returncode == 0)
        if len(replaced.temporaries()) >= 1 and process.returncode != 0:
            break
    assert replaced.temporaries(), "nothing was left by 60 killed runs"
    assert replaced.start("B").wait(timeout=60) == 0
    assert not replaced.temporaries()
    assert replaced.content() == replaced.whole["B"]


def test_signals_at_any_moment_leave_no_litter(replaced):
    older, stopped = "A", 0
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    count = max(20, KILLS // 10)
    for i, moment in enumerate(moments(replaced, 15)):
        if stopped == count:
            break
        assert i < 8 * count, "most runs end before the signal"
        newer = "B" if older == "A" else "A"
        process = replaced.start(newer)
        time.sleep(moment)
        process.send_signal(numbers[i % 3])
        process.communicate(timeout=20)
        assert process.returncode in (0, -numbers[i % 3]), "dies by the signal itself, so that a shell reports 128 + n"
        stopped += process.returncode != 0
        late(replaced, process.returncode == 0)
        assert {p.name for p in replaced.folder.iterdir()} == {"A.json", "B.json", "result.h5", "result.xdmf"}
        expected = newer if process.returncode == 0 else older
        content = replaced.content()
        after = process.returncode != 0 and content == replaced.whole[newer]  # the signal came after the rename
        assert content == replaced.whole[expected] or after
        older = newer if content == replaced.whole[newer] else older
