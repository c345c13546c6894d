"""The trained digits network on its 360 test images: the answers and scores of PyTorch in float64."""
import pathlib

import numpy as np
from PIL import Image

from harness import Failures, arguments, call
import incc

ROOT = pathlib.Path(__file__).resolve().parents[2]


def prepare(image8):
    """8x8 values 0..16 as the network was trained on them."""
    grey = Image.fromarray(np.rint(image8 * 255.0 / 16).astype(np.uint8))
    rgb = np.asarray(grey.resize((32, 32), Image.BILINEAR).convert("RGB"), np.float32)
    return ((rgb / 255 - 0.5) / 0.5).transpose(2, 0, 1)


options = arguments(__doc__)
data = np.load(ROOT / "test/data/digits_test.npz")
images = np.stack([prepare(image) for image in data["images"]])
failures = Failures(1e-4)
for batch, threads in [(1, 1), (4, 2)]:
    library = options.folder / f"digits{batch}.so"
    call("incc", ROOT / "models/minigooglenet_digits.yaml", "-q", "--batch", batch, "--weights",
         ROOT / "models/minigooglenet_digits.safetensors", "-o", library)
    with incc.load(library, threads=threads) as model:
        scores = np.concatenate([model(images[i:i + batch]) for i in range(0, len(images), batch)])
    library.unlink()
    failures.check(f"batch {batch}", scores, data["probabilities"])
    same = (scores.argmax(1) == data["probabilities"].argmax(1)).sum()
    right = (scores.argmax(1) == data["labels"]).sum()
    print(f"batch {batch}: {same} of {len(images)} answers as PyTorch's, {right} right")
failures.finish("digits")
