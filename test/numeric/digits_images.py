"""The 360 test images of the trained digits network."""
import pathlib

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]


def prepare(image8):
    """8x8 values 0..16 as the network was trained on them."""
    grey = Image.fromarray(np.rint(image8 * 255.0 / 16).astype(np.uint8))
    rgb = np.asarray(grey.resize((32, 32), Image.BILINEAR).convert("RGB"), np.float32)
    return ((rgb / 255 - 0.5) / 0.5).transpose(2, 0, 1)


def load():
    """The images as inputs, their labels, and what PyTorch answers in float64."""
    data = np.load(ROOT / "test/data/digits_test.npz")
    return (np.stack([prepare(image) for image in data["images"]]), data["labels"],
            data["probabilities"])
