"""The trained digits network on its 360 test images: the answers and scores of PyTorch in float64."""
import pathlib

import numpy as np

import digits_images
from harness import Failures, arguments, compile_model, load

ROOT = pathlib.Path(__file__).resolve().parents[2]

options = arguments(__doc__, mcpu={"default": ""})
images, labels, probabilities = digits_images.load()
failures = Failures(1e-4)
# Four images at once do on an emulated GPU.
for batch, threads in [(4, 2)] if options.mcpu else [(1, 1), (4, 2)]:
    library = options.folder / f"digits{batch}.so"
    compile_model(ROOT / "models/minigooglenet_digits.yaml", options.mcpu, library, "--batch", batch,
                  "--weights", ROOT / "models/minigooglenet_digits.safetensors")
    with load(library, threads, options.mcpu) as model:
        scores = np.concatenate([model(images[i:i + batch]) for i in range(0, len(images), batch)])
    library.unlink()
    failures.check(f"batch {batch}", scores, probabilities)
    same = (scores.argmax(1) == probabilities.argmax(1)).sum()
    right = (scores.argmax(1) == labels).sum()
    print(f"batch {batch}: {same} of {len(images)} answers as PyTorch's, {right} right")
failures.finish("digits")
