"""Gives arrays in all forms to incc-run with a model that copies its input, and broken files."""
import itertools
import pathlib
import subprocess
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
shape = (2, 3, 5, 7)


def run(path, *options):
    return subprocess.run(["incc-run", folder / "model.so", "--input", path, *options],
                          capture_output=True, text=True)


def write(path, array, version):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


values = np.random.default_rng(1).normal(size=shape) * 1e3
done = 0
for dtype, order, version in itertools.product(["<f4", "<f8"], "CF", [(1, 0), (2, 0), (3, 0)]):
    array = np.asarray(values, dtype=dtype, order=order)
    write(folder / "x.npy", array, version)
    result = run(folder / "x.npy", "--output", folder / "y.npy")
    assert result.returncode == 0, result.stderr
    got = np.load(folder / "y_1.npy")
    assert got.dtype == np.float32 and got.shape == shape and got.flags["C_CONTIGUOUS"]
    assert np.array_equal(got, array.astype(np.float32)), (dtype, order, version)
    scores = np.load(folder / "y.npy")
    assert np.array_equal(scores, np.float32([[0.125, 0.5, 0.375]] * 2))
    done += 1

# Not-a-numbers and denormals pass through; a header in Python 2's spelling is read.
special = values.astype("<f4")
special.flat[:4] = [np.nan, np.inf, -np.inf, 1e-42]
np.save(folder / "x.npy", special)
assert run(folder / "x.npy", "--output", folder / "y.npy").returncode == 0
assert np.array_equal(np.load(folder / "y_1.npy"), special, equal_nan=True)
done += 1
header = "{'shape': (2L, 3L, 5L, 7L), 'descr': \"<f4\", 'fortran_order': False}"
header += " " * (63 - (10 + len(header)) % 64) + "\n"
good = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + special.tobytes()
(folder / "x.npy").write_bytes(good)
assert run(folder / "x.npy", "--output", folder / "y.npy").returncode == 0
assert np.array_equal(np.load(folder / "y_1.npy"), special, equal_nan=True)
done += 1
print(done, "files round-tripped")

broken = {
    b"": "expected it to begin with",
    good[:9]: "it ends in the header",
    good[:40]: "its header of 118 bytes is cut off",
    good[:-1]: "expected 840 bytes of values, got 839",
    good + b"0": "expected 840 bytes of values, got 841",
    good.replace(b"NUMPY\1", b"NUMPY\7"): "expected version 1, 2 or 3, got 7",
    good.replace(b"'shape'", b"'shade'"): "its header can't be read",
    good.replace(b"<f4", b">f4"): "has values of type '>f4', expected float32 ('<f4')",
    good.replace(b"(2L, 3L,", b"(9999999999999999999999,"): "its header can't be read",
}
for content, message in broken.items():
    (folder / "x.npy").write_bytes(content)
    result = run(folder / "x.npy", "--output", folder / "z.npy")
    assert result.returncode == 1 and message in result.stderr, (message, result.stderr)
    assert result.stderr.count("\n") == 1 and not (folder / "z.npy").exists()
print(len(broken), "broken files refused")
