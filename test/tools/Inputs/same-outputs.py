"""Whether two libraries of one network compute the same to rounding: same-outputs.py A.so B.so"""
import sys

import numpy as np

import incc

first, second = (incc.load(path) for path in sys.argv[1:])
x = np.random.default_rng(0).standard_normal(first.inputs[0].shape).astype(np.float32)
a, b = first(x), second(x)
assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max(), np.abs(a - b).max()
