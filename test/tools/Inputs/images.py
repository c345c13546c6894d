"""Compares what incc-run makes of pictures with Pillow, by a model that copies its input."""
import json
import pathlib
import struct
import subprocess
import sys
import zlib

import numpy as np
from PIL import Image

root, source, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
count = 0


def build(channels, height, width, preprocess, batch=1):
    """A model with that input; returns its path."""
    global count
    count += 1
    path = folder / f"model{count}.so"
    text = json.dumps(json.dumps(preprocess)) if preprocess is not None else '""'
    subprocess.run(["clang-19", "-shared", "-fPIC", "-I" + root, f"-DN={batch}", f"-DC={channels}",
                    f"-DH={height}", f"-DW={width}", f"-DPREPROCESS={text}", source, "-o", path],
                   check=True)
    return path


def run(model, *files):
    return subprocess.run(["incc-run", model, *files, "--output", folder / "y.npy", "--top", "1"],
                          capture_output=True, text=True)


def prepared(model, *files):
    result = run(model, *files)
    assert result.returncode == 0, result.stderr
    return np.load(folder / "y_1.npy")


def check(got, expected, what):
    error = np.abs(got - expected).max()
    assert error <= 1e-5, (what, error)


def planes(image):
    array = np.asarray(image, dtype=np.float64)
    return (array[None] if array.ndim == 2 else array.transpose(2, 0, 1))[None]


# A picture with edges, gradients and noise, of odd size.
random = np.random.default_rng(3)
width, height = 41, 29
y, x = np.mgrid[:height, :width]
pixels = np.stack([x * 6, y * 8, (x * y) % 256], -1) + random.integers(0, 20, (height, width, 3))
rgb = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

kinds = {
    "rgb.png": (rgb, {}),
    "interlaced.png": (rgb, {"interlace": 1}),
    "grey.png": (rgb.convert("L"), {}),
    "greyalpha.png": (rgb.convert("LA"), {}),
    "bilevel.png": (rgb.convert("1"), {}),
    "palette.png": (rgb.quantize(17), {}),
    "palette4.png": (rgb.quantize(3), {"bits": 2}),
    "rgba.png": (rgb.convert("RGBA"), {}),
    "notpng.txt": (rgb, {"format": "PNG"}),
    "rgb.jpg": (rgb, {"quality": 90}),
    "subsampled.jpg": (rgb, {"quality": 60, "subsampling": 2}),
    "progressive.jpg": (rgb, {"progressive": True}),
    "grey.jpeg": (rgb.convert("L"), {}),
    "cmyk.jpg": (rgb.convert("CMYK"), {}),
}
kinds["rgba.png"][0].putalpha(Image.fromarray((x * 6).astype(np.uint8)))
identity = {"scale": 1}
same = build(3, height, width, identity)
agreeing = 0
for name, (image, options) in kinds.items():
    image.save(folder / name, **options)
    expected = planes(Image.open(folder / name).convert("RGB"))
    # Decoders may differ by one in a rounding; the product of two inks by two.
    tolerance = 2 if "jp" in name else 0
    error = np.abs(prepared(same, folder / name) - expected).max()
    assert error <= tolerance, (name, error)
    agreeing += 1

# 16 bits a channel: the upper 8 count.
deep = (pixels.clip(0, 255).astype(">u2") * 256 + 77).astype(">u2")
rows = b"".join(b"\0" + row.tobytes() for row in deep)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color, rows):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth,
                                                             color, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


(folder / "deep.png").write_bytes(png(width, height, 16, 2, rows))
check(prepared(same, folder / "deep.png"), planes(rgb), "16 bits")
print(agreeing + 1, "kinds of pictures agree")

# Preprocessing against Pillow, in float64.
rgb.save(folder / "p.png")


def expect(model, image, mean=(0, 0, 0), std=(1, 1, 1), scale=1 / 255):
    mean, std = (np.reshape(v, (1, -1, 1, 1)) for v in (mean, std))
    check(prepared(model, folder / "p.png"), (planes(image) * scale - mean) / std, model)


def crop(image, height, width):
    top, left = round((image.height - height) / 2.0), round((image.width - width) / 2.0)
    return image.crop((left, top, left + width, top + height))


shrunk = rgb.resize((20 * 41 // 29, 20), Image.BILINEAR)
ways = 0
imagenet = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
expect(build(3, 17, 17, {"resize": 20, "crop": 17, **imagenet}), crop(shrunk, 17, 17),
       imagenet["mean"], imagenet["std"])
expect(build(3, 18, 15, {"resize": 20, "crop": [18, 15]}), crop(shrunk, 18, 15))
grown = rgb.resize((64, 50), Image.BILINEAR)
expect(build(3, 50, 64, {"resize": [50, 64], "scale": 1, "mean": 3, "std": 2}), grown, [3], [2], 1)
cubic = rgb.resize((13, 57), Image.BICUBIC)
expect(build(3, 57, 13, {"resize": [57, 13], "interpolation": "bicubic"}), cubic)
near = rgb.resize((13, 57), Image.NEAREST)
expect(build(3, 57, 13, {"resize": [57, 13], "interpolation": "nearest"}), near)
blue_first = Image.merge("RGB", rgb.split()[::-1])
expect(build(3, 29, 41, {"channels": "bgr", "mean": [.1, .2, .3]}), blue_first, [.1, .2, .3])
grey = rgb.convert("L").resize((9, 9), Image.BILINEAR)
expect(build(1, 9, 9, {"resize": [9, 9], "channels": "gray"}), grey, [0], [1])
expect(build(3, 8, 9, None), rgb.resize((9, 8), Image.BILINEAR))
ways += 8
print(ways, "ways of preprocessing agree")

# The last batch is not full: its missing picture gives no row.
pair = build(3, height, width, identity, batch=2)
flipped = rgb.transpose(Image.FLIP_LEFT_RIGHT)
flipped.save(folder / "q.png")
got = prepared(pair, folder / "p.png", folder / "q.png", folder / "q.png")
check(got, np.concatenate([planes(rgb), planes(flipped), planes(flipped)]), "batch")
print("a batch of 2 gave", len(got), "rows")

# Damaged and hostile files.
good_png, good_jpeg = (folder / "rgb.png").read_bytes(), (folder / "rgb.jpg").read_bytes()
damaged = {good_png[:8]: "truncated", good_png[:200]: "truncated", good_png[:-20]: "truncated",
           good_png[:300] + b"\xff" + good_png[301:]: "can't decode",
           good_png.replace(b"IDAT", b"IDAX"): "can't decode",
           png(100000, 100000, 8, 2, b"\0" * 100): "are more than the supported",
           png(2**31 - 1, 1, 8, 2, b"\0" * 100): "can't decode",
           png(9, 9, 8, 2, b"\0" * 100): "can't decode",
           good_jpeg[:3]: "can't decode", good_jpeg[:100]: "can't decode",
           good_jpeg[:-100]: "can't decode",
           b"GIF89a" + b"\0" * 100: "expected a PNG or JPEG file", b"": "expected a PNG"}
for content, message in damaged.items():
    (folder / "damaged.png").write_bytes(content)
    (folder / "y.npy").unlink(missing_ok=True)
    result = run(same, folder / "damaged.png")
    assert result.returncode == 1 and message in result.stderr, (content[:20], result)
    assert result.stderr.count("\n") == 1 and not (folder / "y.npy").exists()
print(len(damaged), "damaged pictures refused")

for preprocess, message in [
        ({"resize": "big"}, "resize: expected a number of pixels or [height, width]"),
        ({"crop": 100}, "the image is too small: expected at least 100x100 pixels to crop"),
        ({"resize": [5, 5]}, "wrong size after preprocessing: expected 41x29, got 5x5"),
        ({"rotate": 5}, "rotate: expected one of channels, crop,"),
        ({"mean": [1, 2]}, "2 means or deviations, expected 3")]:
    result = run(build(3, height, width, preprocess), folder / "p.png")
    assert result.returncode == 1 and message in result.stderr, (message, result.stderr)
