"""If these fail, results open wrongly, or not at all, in the programs that physicists look at them with,
or a crash costs an older result. Works on samples with known values from tests/tools/write_sample.c."""
import os
import random
import re
import resource
import signal
import subprocess
import time
import xml.etree.ElementTree

import h5py
import numpy as np
import pytest
import xarray

SAMPLE = os.environ["QEP_WRITE_SAMPLE"]
ORDER = ["phi", "E", "H"]


def write(file, **settings):
    arguments = [f"{key}={value}" for key, value in settings.items()]
    return subprocess.run([SAMPLE, str(file), *arguments], capture_output=True, text=True)


def sample(folder, name="s.h5", **settings):
    file = folder / name
    done = write(file, **settings)
    assert done.returncode == 0, done.stderr
    return file


def shape(ndim, n=6):
    return [n + 2, n + 1, n][:ndim][::-1]


def component_names(record, ndim):
    axes = "xyz"[:ndim]
    return {"phi": [""], "E": list(axes), "H": [a + b for a in axes for b in axes]}[record]


def expected(record, component, frame, ndim, n=6):
    dims = shape(ndim, n)
    base = 1000 * (frame + 1) + 100 * ORDER.index(record) + 10 * component
    return base + (np.arange(np.prod(dims)) * 7919 % 10007 / 1003.0).reshape(dims)


def is_text(value, text=None):
    return isinstance(value, np.bytes_) and (text is None or value == text.encode())


def is_number(attributes, name):
    """A float64 scalar, as the openPMD validator asks for."""
    attribute = attributes.get_id(name)
    return attribute.shape == () and attribute.dtype == np.float64


def check_record(record, ndim):
    a = record.attrs
    assert is_text(a["geometry"], "cartesian") and is_text(a["dataOrder"], "C")
    assert a["axisLabels"].dtype.kind == "S"
    assert list(a["axisLabels"]) == [b"z", b"y", b"x"][3 - ndim:]
    assert a["gridSpacing"].dtype == np.float64
    assert np.allclose(a["gridSpacing"], [1e-9, 2e-9, 3e-9][:ndim][::-1], rtol=1e-15)
    assert a["gridGlobalOffset"].dtype == np.float64
    assert np.allclose(a["gridGlobalOffset"], [1e-8, -2e-8, 0][:ndim][::-1], rtol=1e-15)
    assert is_number(a, "gridUnitSI") and a["gridUnitSI"] == 1
    assert a["unitDimension"].shape == (7,) and a["unitDimension"].dtype == np.float64
    assert is_number(a, "timeOffset")


def check_component(data, ndim, position):
    a = data.attrs
    assert is_number(a, "unitSI") and a["unitSI"] == 1
    assert a["position"].shape == (ndim,) and a["position"].dtype == np.float64
    assert (a["position"] == position).all()
    for name in ("units", "long_name", "symbol", "equation"):
        assert is_text(a[name]) and a[name]
    assert a.get_id("checksum").dtype == np.uint64 and a.get_id("checksum").shape == ()
    assert "DIMENSION_LIST" not in a, "openPMD tools drop records with dimension scales"


def validate_openpmd(file, ndim, position=0.5):
    """The required attributes of openPMD 1.1.0, and their types; returns the number of meshes."""
    root = file.attrs
    for name, text in {"openPMD": "1.1.0", "basePath": "/data/%T/", "meshesPath": "meshes/",
                       "iterationEncoding": "groupBased", "iterationFormat": "/data/%T/"}.items():
        assert is_text(root[name], text), name
    assert root.get_id("openPMDextension").dtype == np.uint32
    assert root.get_id("openPMDextension").shape == ()
    for name in ("author", "software", "softwareVersion", "date", "machine", "softwareDependencies"):
        assert is_text(root[name]), name
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", root["date"])
    meshes = 0
    for frame, group in file["data"].items():
        assert frame.isdigit()
        assert all(is_number(group.attrs, name) for name in ("time", "dt", "timeUnitSI"))
        assert set(group) == {"meshes", "results"}
        for name, record in group["meshes"].items():
            assert re.fullmatch(r"\w+", name)
            meshes += 1
            check_record(record, ndim)
            parts = [record] if isinstance(record, h5py.Dataset) else list(record.values())
            for part in parts:
                check_component(part, ndim, position)
    return meshes


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("node", [0, 1])
def test_openpmd_records(tmp_path, ndim, node):
    with h5py.File(sample(tmp_path, ndim=ndim, node=node, tensor=1, frames=2)) as file:
        assert validate_openpmd(file, ndim, 0.0 if node else 0.5) == 6
        assert list(file["data"]) == ["0", "1"]
        assert list(file["data/0/meshes/phi"].attrs["unitDimension"]) == [2, 1, -3, -1, 0, 0, 0]
        assert file["data/0/meshes/phi"].attrs["units"] == b"V"
        assert file["data/1"].attrs["time"] == 0.5
        for frame in (0, 1):
            for record in ORDER:
                for c, name in enumerate(component_names(record, ndim)):
                    data = file[f"data/{frame}/meshes/{record}/{name}".rstrip("/")]
                    assert data.dtype == "<f8" and data.chunks is None
                    assert np.array_equal(data[()], expected(record, c, frame, ndim))


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_views_are_the_data(tmp_path, ndim):
    with h5py.File(sample(tmp_path, ndim=ndim, tensor=1, frames=2)) as file:
        for frame in (0, 1):
            for record, last in (("phi", None), ("E", 3), ("H", 9)):
                view = file[f"view/{frame}/{record}"]
                assert view.is_virtual and list(view.shape) == shape(ndim) + ([last] if last else [])
                for d, dimension in enumerate(view.dims):
                    assert len(dimension) == 1, "every dimension needs a scale"
                    assert h5py.h5ds.is_attached(view.id, dimension[0].id, d)
                values = view[()] if last else view[()][..., None]
                seen = set()
                for c, name in enumerate(component_names(record, ndim)):
                    place = 0
                    for letter in name:
                        place = 3 * place + "xyz".index(letter)
                    seen.add(place)
                    assert np.array_equal(values[..., place], expected(record, c, frame, ndim))
                for place in set(range(last or 1)) - seen:
                    assert (values[..., place] == 0).all()


def test_links_lead_to_the_last_frame(tmp_path):
    with h5py.File(sample(tmp_path, frames=3)) as file:
        for name in ("phi", "E"):
            link = file.get(name, getlink=True)
            assert isinstance(link, h5py.SoftLink) and link.path == f"/view/2/{name}"
        assert np.array_equal(file["phi"][()], expected("phi", 0, 2, 3))
        visited = []
        file.visititems(lambda name, item: visited.append((name, item[()] if hasattr(item, "dtype") else 0)))
        assert len(visited) > 30


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_nexus_default_plot(tmp_path, ndim):
    with h5py.File(sample(tmp_path, ndim=ndim)) as file:
        assert file.attrs["NX_class"] == b"NXroot"
        entry = file[file.attrs["default"].decode()]
        assert entry.attrs["NX_class"] == b"NXentry"
        data = entry[entry.attrs["default"].decode()]
        assert data.attrs["NX_class"] == b"NXdata"
        axes = [name.decode() for name in data.attrs["axes"]]
        assert axes == ["z", "y", "x"][3 - ndim:]
        signal = data[data.attrs["signal"].decode()]
        assert np.array_equal(signal[()], expected("phi", 0, 0, ndim))
        for name, n in zip(axes, signal.shape):
            assert isinstance(data.get(name, getlink=True), h5py.SoftLink)
            assert data[name].shape == (n,) and data[name].attrs["units"] == b"m"
        assert h5py.check_string_dtype(data["title"].dtype).length is None
        assert "entropic potential" in data["title"].asstr()[()]


def test_vtkhdf(tmp_path):
    with h5py.File(sample(tmp_path, ndim=3, frames=2)) as file:
        group = file["VTKHDF"]
        assert list(group.attrs["Version"]) == [1, 0] and group.attrs["Type"] == b"ImageData"
        assert list(group.attrs["WholeExtent"]) == [0, 7, 0, 6, 0, 5]
        assert np.allclose(group.attrs["Origin"], [1e-8 + 0.5e-9, -2e-8 + 1e-9, 1.5e-9], rtol=1e-14)
        assert np.allclose(group.attrs["Spacing"], [1e-9, 2e-9, 3e-9], rtol=1e-15)
        assert np.array_equal(group["PointData/phi"][()], expected("phi", 0, 1, 3))
        assert np.array_equal(group["PointData/E"][..., 1], expected("E", 1, 1, 3))
    with h5py.File(sample(tmp_path, "two.h5", ndim=2)) as file:
        assert "VTKHDF" not in file, "older VTK crashes on two axes"


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_xarray_has_coordinates(tmp_path, engine, ndim):
    file = sample(tmp_path, ndim=ndim, frames=2)
    with xarray.open_dataset(file, engine=engine) as data:
        assert data.phi.dims == tuple(["axis_z", "axis_y", "axis_x"][3 - ndim:])
        assert np.allclose(data.phi.axis_x, 1e-8 + (np.arange(8) + 0.5) * 1e-9, rtol=1e-14)
        assert np.array_equal(data.phi.values, expected("phi", 0, 1, ndim))
        assert data.E.dims[-1] == "component3"
    with xarray.open_dataset(file, engine=engine, group="view/0") as data:
        assert np.array_equal(data.phi.values, expected("phi", 0, 0, ndim))


def test_command_line_readers(tmp_path):
    file = sample(tmp_path, tensor=1)
    for command in (["ncdump", "-h"], ["h5dump", "-A"], ["h5ls", "-r"]):
        done = subprocess.run([*command, str(file)], capture_output=True, text=True)
        assert done.returncode == 0 and "phi" in done.stdout, done.stderr


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_xdmf_sidecar(tmp_path, ndim):
    file = sample(tmp_path, "a&b.h5", ndim=ndim, frames=2, tensor=1)
    root = xml.etree.ElementTree.parse(tmp_path / "a&b.xdmf").getroot()
    grids = root.findall("./Domain/Grid/Grid")
    assert root.find("./Domain/Grid").get("CollectionType") == "Temporal" and len(grids) == 2
    dims = [1] * (3 - ndim) + shape(ndim)
    for frame, grid in enumerate(grids):
        assert float(grid.find("Time").get("Value")) == 0.5 * frame
        assert grid.find("Topology").get("Dimensions") == " ".join(map(str, dims))
        spacing = grid.find("./Geometry/DataItem[2]").text.split()
        assert np.allclose([float(s) for s in spacing][3 - ndim:], [1e-9, 2e-9, 3e-9][:ndim][::-1])
        assert [a.get("Name") for a in grid.findall("Attribute")] == ORDER
        for item in grid.findall("./Attribute/DataItem"):
            name, path = item.text.split(":")
            assert name == "a&b.h5" and path.startswith(f"/view/{frame}/")
            with h5py.File(file) as opened:
                assert opened[path].size == np.prod([int(n) for n in item.get("Dimensions").split()])


def test_without_views(tmp_path):
    file = sample(tmp_path, views=0, ndim=3)
    with h5py.File(file) as opened:
        assert "view" not in opened and "phi" not in opened
        assert list(opened["VTKHDF/PointData"]) == ["phi"]
        assert np.array_equal(opened["plot/phi/signal"][()], expected("phi", 0, 0, 3))
        assert validate_openpmd(opened, 3) == 2
    sidecar = (tmp_path / "s.xdmf").read_text()
    assert "/data/0/meshes/phi" in sidecar and "view" not in sidecar and '"E"' not in sidecar
    for engine in ("netcdf4", "h5netcdf"):
        xarray.open_dataset(file, engine=engine).close()
    sample(tmp_path, "none.h5", xdmf=0)
    assert not (tmp_path / "none.xdmf").exists()


def test_results_and_provenance(tmp_path):
    with h5py.File(sample(tmp_path)) as file:
        results = file["data/0/results"]
        assert results.attrs["residual"] == 1.5e-12 and is_number(results.attrs, "residual")
        assert results.attrs["phi_max_units"] == b"V" and results.attrs["solver"] == b"direct"
        assert results["electrodes/left"].attrs["current"] == 1e-6
        table = results["bloch/sigma"]
        assert table[()].tolist() == [[1, 2], [3, 4], [5, 6]] and table.attrs["units"] == b"S/m"
        assert "checksum" in table.attrs and results["profile"].shape == (6,)
        assert list(results["transport/leads"]) == [b"left", b"right lead"]
        provenance = file["provenance"]
        assert provenance["identity"][()] == b"0123abcd" and provenance["inputs"][()] == b""
        assert provenance.attrs["command_line"] == "qep-solve µ.json".encode()
        assert provenance.attrs["exit_state"] == b"complete"


@pytest.mark.parametrize("deflate,single", [(0, 1), (1, 0), (9, 1)])
@pytest.mark.parametrize("ndim", [1, 3])
def test_compressed_and_single(tmp_path, deflate, single, ndim):
    n = 60 if ndim == 3 else 300000
    with h5py.File(sample(tmp_path, ndim=ndim, n=n, deflate=deflate, single=single, threads=2)) as file:
        data = file["data/0/meshes/phi"]
        assert data.dtype == ("<f4" if single else "<f8")
        assert np.array_equal(data[()], expected("phi", 0, 0, ndim, n).astype(data.dtype))
        assert file["phi"].dtype == data.dtype and np.array_equal(file["phi"][()], data[()])
        if deflate:
            assert data.compression == "gzip" and data.compression_opts == deflate and data.shuffle
            assert np.prod(data.chunks) * data.dtype.itemsize <= 1 << 20
        else:
            assert data.chunks is None


def test_checksums_do_not_depend_on_storage(tmp_path):
    def sums(name, **settings):
        with h5py.File(sample(tmp_path, name, n=60, **settings)) as file:
            meshes = file["data/0/meshes"]
            return [int(d.attrs["checksum"]) for d in (meshes["phi"], *meshes["E"].values())]
    double = sums("a.h5")
    assert double == sums("b.h5", deflate=1) == sums("c.h5", threads=2) and len(set(double)) == 4
    assert sums("d.h5", single=1) == sums("e.h5", single=1, deflate=3, threads=2) != double


def test_equal_runs_are_equal_bytes(tmp_path):
    def dump(name, threads):
        file = sample(tmp_path, name, n=12, frames=2, threads=threads)
        texts = [subprocess.run(["h5dump", "-g", part, str(file)], capture_output=True).stdout
                 for part in ("/data", "/view")]
        assert all(len(text) > 1000 for text in texts)
        return [text.split(b"\n", 1)[1] for text in texts]
    first = dump("a.h5", 1)
    time.sleep(1.1)
    assert first == dump("b.h5", 2)


def test_single_precision_overflow(tmp_path):
    done = write(tmp_path / "s.h5", single=1, big=1)
    assert done.returncode == 7 and "single precision" in done.stderr
    assert os.listdir(tmp_path) == []


def test_existing_output(tmp_path):
    file = sample(tmp_path)
    before = file.read_bytes()
    done = write(file)
    assert done.returncode == 7 and file.read_bytes() == before
    assert all(word in done.stderr for word in ("--force", "--skip-done", "-o"))
    assert write(file, force=1, frames=2).returncode == 0
    with h5py.File(file) as opened:
        assert len(opened["data"]) == 2
    file.unlink()  # an existing sidecar alone is not an existing output
    assert (tmp_path / "s.xdmf").exists() and write(file).returncode == 0


def test_refused_targets(tmp_path):
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "plain").write_text("")
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "nowhere.h5").symlink_to("missing.h5")
    for name, word in (("folder.h5", "folder"), ("a/b/c.h5", f"{tmp_path}/a does not exist"),
                       ("plain/c.h5", "not a folder"), ("pipe.h5", "regular"), ("nowhere.h5", "link")):
        done = write(tmp_path / name, force=1)
        assert done.returncode == 7 and word in done.stderr, done.stderr
    assert sorted(os.listdir(tmp_path)) == ["folder.h5", "nowhere.h5", "pipe.h5", "plain"]


def test_symbolic_link_stays(tmp_path):
    real = tmp_path / "store"
    real.mkdir()
    sample(real, "r.h5")
    (tmp_path / "s.h5").symlink_to("store/r.h5")
    assert write(tmp_path / "s.h5", force=1, frames=2).returncode == 0
    assert (tmp_path / "s.h5").is_symlink()
    with h5py.File(real / "r.h5") as file:
        assert len(file["data"]) == 2


def test_mode_follows_umask(tmp_path):
    old = os.umask(0o027)
    try:
        file = sample(tmp_path)
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("limit", [2000, 5000, 20000, 40000, 100000, 300000])
def test_file_size_limit_leaves_nothing(tmp_path, limit):
    """A full disk ends in exit 7, never in a crash, and the older result is as it was."""
    file = sample(tmp_path)
    before = file.read_bytes()
    done = subprocess.run([SAMPLE, str(file), "force=1", "n=30", "frames=3", "tensor=1"], text=True,
                          capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 7 and "File too large" in done.stderr, done
    assert file.read_bytes() == before and sorted(os.listdir(tmp_path)) == ["s.h5", "s.xdmf"]


def test_partial(tmp_path):
    old = sample(tmp_path)
    before = old.read_bytes()
    assert write(old, force=1, frames=2, partial=1).returncode == 0
    assert old.read_bytes() == before
    with h5py.File(tmp_path / "s.partial.h5") as file:
        assert list(file["data"]) == ["0", "1"] and file["provenance"].attrs["exit_state"] == b"interrupted"
        assert np.array_equal(file["phi"][()], expected("phi", 0, 1, 3))
        assert validate_openpmd(file, 3) == 4
    assert write(tmp_path / "t.h5", frames=0, partial=1).returncode == 130
    assert sorted(os.listdir(tmp_path)) == ["s.h5", "s.partial.h5", "s.xdmf"]


def test_killed_at_any_moment(tmp_path):
    """SIGKILL while an older result is replaced: the older or the newer whole file, finished frames of
    the temporary file readable, and the next run sweeps the litter."""
    file = sample(tmp_path, n=20)
    settings = ["force=1", "n=20", "frames=12", "tensor=1"]
    start = time.monotonic()
    subprocess.run([SAMPLE, str(tmp_path / "time.h5"), *settings], check=True)
    duration = time.monotonic() - start
    generator = random.Random(7)
    hit = readable = torn = 0
    for _ in range(30):
        process = subprocess.Popen([SAMPLE, str(file), *settings])
        time.sleep(generator.uniform(0, duration))
        process.send_signal(signal.SIGKILL)
        hit += process.wait() == -signal.SIGKILL
        with h5py.File(file) as opened:
            frames = len(opened["data"])
            assert frames in (1, 12) and opened["provenance"].attrs["exit_state"] == b"complete"
            assert np.array_equal(opened["phi"][()], expected("phi", 0, frames - 1, 3, 20))
        for part in tmp_path.glob(".s.h5.part.*[0-9]"):
            try:
                with h5py.File(part) as opened:
                    for frame in opened.get("view", ()):
                        assert np.array_equal(opened[f"data/{frame}/meshes/phi"][()],
                                              expected("phi", 0, int(frame), 3, 20))
                        readable += 1
            except (OSError, RuntimeError, KeyError):
                torn += 1  # before the first frame, or just inside a flush of the metadata
    assert hit >= 10 and readable >= 5 and torn <= hit / 2
    subprocess.run([SAMPLE, str(file), *settings], check=True)
    assert not list(tmp_path.glob(".*"))


def test_writers_side_by_side(tmp_path):
    file = tmp_path / "s.h5"
    running = [subprocess.Popen([SAMPLE, str(file), "force=1", f"frames={k + 1}"]) for k in range(6)]
    assert [p.wait() for p in running] == [0] * 6
    with h5py.File(file) as opened:
        frames = len(opened["data"])
        assert np.array_equal(opened["phi"][()], expected("phi", 0, frames - 1, 3))
    assert sorted(os.listdir(tmp_path)) == ["s.h5", "s.xdmf"]


def test_reader_keeps_the_old_file(tmp_path):
    file = sample(tmp_path)
    with h5py.File(file) as opened:
        assert write(file, force=1, frames=2).returncode == 0
        assert np.array_equal(opened["phi"][()], expected("phi", 0, 0, 3))


def test_long_series_stays_small(tmp_path):
    """The scales' lists of users must not be rewritten for every frame: that once wasted 250 MB."""
    def size(frames):
        return sample(tmp_path, f"{frames}.h5", ndim=1, frames=frames, xdmf=0).stat().st_size
    assert size(400) < 9 * size(50)
