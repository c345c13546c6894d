"""Uses incc.py as its documentation says, and wrongly."""
import sys
import threading

import numpy as np

import incc

folder = sys.argv[1]


def expect(error, text, action):
    try:
        action()
    except error as caught:
        assert text in str(caught), f"expected '{text}', got '{caught}'"
    else:
        raise AssertionError(f"expected {error.__name__}: {text}")


def expected(image, factor=3):
    image = image.astype(np.float32)
    return image * factor * (image + 2)


image = np.arange(640, dtype=np.float32).reshape(1, 1, 40, 16)
model = incc.load(f"{folder}/tiny.so", threads=2)
assert model.inputs == [("image", (1, 1, 40, 16))] and model.inputs[0].name == "image"
assert [t.name for t in model.outputs] == ["map", "sum"] and model.outputs[1].shape == (1, 1)
assert model.labels == ["cat", 'dog "b"'] and model.preprocess == {"mean": [0.5]}
assert model.name == "tiny" and model.threads == 2 and "tiny" in repr(model)

map_, sum_ = model(image)
assert map_.dtype == np.float32 and np.array_equal(map_, expected(image))
assert np.allclose(sum_, expected(image).sum(dtype=np.float64), rtol=1e-4)

# Any number type and memory layout.
for other in [image.astype(np.float64), image.astype(np.int32), image.astype(">f4"),
              image[..., ::-1], np.asfortranarray(image), image.transpose(0, 1, 2, 3).tolist(),
              np.broadcast_to(image[..., :1], image.shape)]:
    assert np.array_equal(model(other)[0], expected(np.array(other)))
odd = np.frombuffer(b"x" + image.tobytes(), np.float32, offset=1).reshape(image.shape)
assert not odd.flags.aligned and np.array_equal(model(odd)[0], expected(image))

expect(ValueError, "tiny: input 'image': expected shape (1, 1, 40, 16), got (1, 40, 16)",
       lambda: model(image[0]))
expect(TypeError, "expected numbers that convert to float32, got complex64",
       lambda: model(image * 1j))
expect(TypeError, "expected numbers that convert to float32, got <U1",
       lambda: model(np.full(image.shape, "a")))
expect(TypeError, "expected 1 input(s) (image), got 2", lambda: model(image, image))
expect(ValueError, "expected a number of threads from 0 on, got -1",
       lambda: incc.load(f"{folder}/tiny.so", threads=-1))
expect(incc.Error, "options.threads is 100000, expected 0 to 4096",
       lambda: incc.load(f"{folder}/tiny.so", threads=100000))
expect(incc.Error, "absent.so: no such file", lambda: incc.load(f"{folder}/absent.so"))
expect(incc.Error, "can't load it", lambda: incc.load(f"{folder}/tiny.o"))
expect(incc.Error, "not a model compiled by incc", lambda: incc.load(f"{folder}/plain.so"))
expect(incc.Error, "needs CPU features", lambda: incc.load(f"{folder}/future.so"))

# Profiles: of runs asked for now, and of all runs.
profile = model.profile()
assert [step["layer"] for step in profile] == ["a.scale", "b.shift", "join", "sum"]
assert profile[2]["kind"] == "product" and profile[2]["flops"] == 640 and profile[2]["tasks"] == 40
assert all(step["ms"] > 0 and step["gflops"] > 0 for step in profile)
assert len(model.profile(image, runs=2)) == 4
with incc.load(f"{folder}/tiny.so", threads=1, profile=True) as measured:
    for _ in range(5):
        measured(image)
    assert measured.profile()[0]["ms"] > 0 and measured._measured()[1] == 5
expect(incc.Error, "the model is closed", lambda: measured(image))
expect(incc.Error, "the model is closed", measured.profile)
measured.close()

# Several models, loaded and run by several threads.
results = []


def use(name, factor, shared):
    own = incc.load(f"{folder}/{name}.so", threads=2)
    for _ in range(50):
        good = np.array_equal(own(image)[0], expected(image, factor))
        results.append(good and np.array_equal(shared(image)[0], expected(image)))


threads = [threading.Thread(target=use, args=(name, factor, model))
           for name, factor in [("tiny", 3), ("other", 5)] * 3]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(results) == 300 and all(results)
print("all good")
