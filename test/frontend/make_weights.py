"""Writes a model, right weights and every kind of wrong ones into the folder given.

The model has a 2x3x1x1 filter and a bias of 2: 6 + 2 values.
"""
import json
import os
import struct
import sys
import zipfile

import numpy as np

MODEL = """name: tiny
input: {name: input, shape: [3, 2, 2]}
layers:
  - conv: {name: conv1, out: 2, kernel: 1}
"""
W = np.array([1, -2, 3.5, 0.25, -0.5, 8], np.float32).reshape(2, 3, 1, 1)
B = np.array([0.5, -65504], np.float32)


def safetensors(tensors, metadata=None, pad=0, header=None, data=None):
    """The bytes of a file of `tensors`: name -> (dtype, array); parts may be replaced."""
    entries, blob = {}, b""
    if metadata:
        entries["__metadata__"] = metadata
    for name, (dtype, array) in tensors.items():
        raw = array if isinstance(array, bytes) else array.tobytes()
        shape = [2, 3, 1, 1] if name.endswith("weight") else [2]
        entries[name] = {"dtype": dtype, "shape": shape,
                         "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = (json.dumps(entries) if header is None else header(entries)).encode() + b" " * pad
    return struct.pack("<Q", len(text)) + text + (blob if data is None else data(blob))


def bfloat16(array):
    return (array.view(np.uint32) >> 16).astype(np.uint16).tobytes()


def edited(name, **changes):
    def header(entries):
        entries[name].update(changes)
        return json.dumps(entries)
    return header


RIGHT = {"conv1.weight": ("F32", W), "conv1.bias": ("F32", B)}
right = safetensors(RIGHT)
files = {
    "f32": right,
    "f16": safetensors({k: ("F16", a.astype(np.float16)) for k, (_, a) in RIGHT.items()}),
    "bf16": safetensors({k: ("BF16", bfloat16(a)) for k, (_, a) in RIGHT.items()}),
    "f64": safetensors({k: ("F64", a.astype(np.float64)) for k, (_, a) in RIGHT.items()}),
    # The header's length moves the values to an address that float32 may not have.
    "unaligned": safetensors(RIGHT, metadata={"format": "pt"}, pad=1 + -len(right) % 4),
    "tracked": safetensors(RIGHT | {"bn.num_batches_tracked": ("I64", np.zeros(2, np.int64))}),
    "nan": safetensors({"conv1.weight": ("F32", W * np.array([[[np.nan]], [[1]], [[np.inf]]], np.float32)),
                        "conv1.bias": ("F32", B)}),
    # Denormals of half precision: 2^-24 and -2^-15.
    "denormal": safetensors(RIGHT | {"conv1.bias": ("F16", struct.pack("<HH", 0x0001, 0x8200))}),
    # Wrong: tensors.
    "names": safetensors({"conv.weight": ("F32", W), "conv1.bias": ("F32", B), "fc.bias": ("F32", B)}),
    "shapes": safetensors(RIGHT, header=edited("conv1.weight", shape=[3, 2, 1, 1])),
    "types": safetensors({"conv1.weight": ("F32", W), "conv1.bias": ("I64", np.zeros(2, np.int64))}),
    # Wrong: the file.
    "short": b"\0" * 7,
    "headerlength": struct.pack("<Q", 1 << 40) + right[8:],
    "truncated": right[:-4],
    "toolong": right + b"\0" * 4,
    "notjson": safetensors(RIGHT, header=lambda e: "{conv1"),
    "noobject": safetensors(RIGHT, header=lambda e: "[1]"),
    "nested": safetensors(RIGHT, header=lambda e: '{"a": ' + "[" * 100000),
    "twice": safetensors(RIGHT, header=lambda e: json.dumps(e).replace("conv1.bias", "conv1.weight")),
    "overlap": safetensors(RIGHT, header=edited("conv1.bias", data_offsets=[16, 24])),
    "hole": safetensors(RIGHT, header=edited("conv1.bias", data_offsets=[28, 36]),
                        data=lambda blob: blob + b"\0" * 4),
    "outside": safetensors(RIGHT, header=edited("conv1.bias", data_offsets=[1 << 62, (1 << 62) + 8])),
    "reversed": safetensors(RIGHT, header=edited("conv1.bias", data_offsets=[32, 24])),
    "size": safetensors(RIGHT, header=edited("conv1.bias", shape=[3])),
    "overflow": safetensors(RIGHT, header=edited("conv1.bias", shape=[1 << 32, 1 << 32])),
    "negative": safetensors(RIGHT, header=edited("conv1.bias", shape=[-2])),
    "dtype": safetensors(RIGHT, header=edited("conv1.bias", dtype="F31")),
    "nodtype": safetensors(RIGHT, header=edited("conv1.bias", dtype=None)),
}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, data in files.items():
    with open(f"{folder}/{name}.safetensors", "wb") as file:
        file.write(data)
with open(f"{folder}/tiny.yaml", "w") as file:
    file.write(MODEL)
with open(f"{folder}/checkpoint.pt", "wb") as file:
    file.write(b"PK\3\4")

arrays = {"conv1.weight": W, "conv1.bias": B}
np.savez(f"{folder}/stored.npz", **arrays)
np.savez_compressed(f"{folder}/deflated.npz", **arrays)
np.savez(f"{folder}/fortran.npz", **{"conv1.bias": B.astype(np.float64),
                                     "conv1.weight": np.asfortranarray(W.astype(np.float16))})
np.savez(f"{folder}/bigendian.npz", **{"conv1.weight": W, "conv1.bias": B.astype(">f4")})
for version in (2, 3):
    with zipfile.ZipFile(f"{folder}/version{version}.npz", "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w") as member:
                np.lib.format.write_array(member, array, version=(version, 0))
stored = bytearray(open(f"{folder}/stored.npz", "rb").read())
stored[stored.index(W.tobytes())] ^= 1
open(f"{folder}/checksum.npz", "wb").write(stored)
deflated = open(f"{folder}/deflated.npz", "rb").read()
open(f"{folder}/truncated.npz", "wb").write(deflated[:-30])
with zipfile.ZipFile(f"{folder}/notnpy.npz", "w") as archive:
    archive.writestr("conv1.weight.npy", b"no array at all")
with zipfile.ZipFile(f"{folder}/foreign.npz", "w") as archive:
    archive.writestr("readme.txt", b"no array at all")
