"""What a result file holds, in a form that compares: every array and attribute of /data and /view as bytes, how arrays are stored, and
which parts of the file exist. Provenance (times, host, threads) is left out: identical bytes are promised for the rest alone."""
import hashlib

import h5py
import numpy as np


def plain(value):
    """An attribute as something that compares by value, bit by bit."""
    array = np.asarray(value)
    return (str(array.dtype), array.shape, array.tolist() if array.dtype.hasobject else array.tobytes())


def attributes_of(item):
    return {name: plain(value) for name, value in item.attrs.items() if name not in ("DIMENSION_LIST", "REFERENCE_LIST")}


def describe(item):
    if not isinstance(item, h5py.Dataset):
        return ("group", sorted(item.keys()), attributes_of(item))
    values = item[...]
    content = values.tobytes() if not values.dtype.hasobject else repr(values.tolist()).encode()
    return (str(item.dtype), item.shape, hashlib.sha256(content).hexdigest(), item.compression, item.compression_opts, item.chunks,
            attributes_of(item))


def signature(path, roots=("data", "view")):
    """{HDF5 path: description} of everything below the roots, and the names at the top of the file."""
    found = {}
    with h5py.File(path, "r") as file:
        found["/"] = sorted(file.keys())
        for root in roots:
            if root in file:
                found[root] = describe(file[root])
                file[root].visititems(lambda name, item, root=root: found.update({f"{root}/{name}": describe(item)}))
    return found


def differences(one, other):
    """Paths that differ, for the message of a failed test."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def records(path, frame=None):
    """{name: array} of the records of one frame (default: the last)."""
    found = {}
    with h5py.File(path, "r") as file:
        frame = max(file["data"], key=int) if frame is None else str(frame)
        file[f"data/{frame}/meshes"].visititems(lambda name, item: found.update({name: item[...]}) if isinstance(item, h5py.Dataset) else None)
    return found
