"""Runs models that incc compiled to shared libraries. Needs numpy only.

    import incc
    model = incc.load("resnet50.so", threads=2)
    scores = model(image)           # numpy in, numpy out; a list where there are several outputs
    for layer in model.profile():
        print(layer["layer"], layer["ms"])
"""
import ctypes
import json
import os
import threading
from collections import namedtuple

import numpy as np

__all__ = ["Error", "Model", "Tensor", "load"]

_ABI_VERSION = 1  # INCC_ABI_VERSION
_FLOATS = ctypes.POINTER(ctypes.c_float)

Tensor = namedtuple("Tensor", ["name", "shape"])


class Error(RuntimeError):
    """A library that is no model, or a call that the model refused."""


class _Options(ctypes.Structure):
    _fields_ = [("struct_bytes", ctypes.c_size_t), ("threads", ctypes.c_int),
                ("profile", ctypes.c_int), ("parallel_for", ctypes.c_void_p),
                ("user", ctypes.c_void_p)]


class _TensorDesc(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("rank", ctypes.c_int64),
                ("dims", ctypes.POINTER(ctypes.c_int64)), ("elements", ctypes.c_int64)]


class _StepDesc(ctypes.Structure):
    _fields_ = [("layer", ctypes.c_char_p), ("kind", ctypes.c_char_p), ("stage", ctypes.c_int32),
                ("tasks", ctypes.c_int32), ("flops", ctypes.c_double)]


def _function(result, *parameters):
    return ctypes.CFUNCTYPE(result, *parameters)


class _ModelDesc(ctypes.Structure):
    _fields_ = [
        ("abi_version", ctypes.c_uint32), ("struct_bytes", ctypes.c_uint32),
        ("name", ctypes.c_char_p), ("target", ctypes.c_char_p),
        ("required_cpu_features", ctypes.c_uint64), ("workspace_bytes", ctypes.c_uint64),
        ("weights_bytes", ctypes.c_uint64),
        ("num_inputs", ctypes.c_int64), ("num_outputs", ctypes.c_int64),
        ("num_labels", ctypes.c_int64), ("num_steps", ctypes.c_int64),
        ("num_stages", ctypes.c_int64),
        ("inputs", ctypes.POINTER(_TensorDesc)), ("outputs", ctypes.POINTER(_TensorDesc)),
        ("labels", ctypes.POINTER(ctypes.c_char_p)), ("steps", ctypes.POINTER(_StepDesc)),
        ("preprocess_json", ctypes.c_char_p),
        ("create", _function(ctypes.c_int, ctypes.POINTER(_Options),
                             ctypes.POINTER(ctypes.c_void_p))),
        ("run", _function(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_FLOATS),
                          ctypes.POINTER(_FLOATS))),
        ("run_in", _function(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_FLOATS),
                             ctypes.POINTER(_FLOATS))),
        ("destroy", _function(None, ctypes.c_void_p)),
        ("last_error", _function(ctypes.c_char_p)),
        ("num_threads", _function(ctypes.c_int, ctypes.c_void_p)),
        ("set_profile", _function(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)),
        ("profile", _function(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint64),
                              ctypes.POINTER(ctypes.c_uint64))),
    ]


def _text(value):
    return value.decode("utf-8", "replace")


def _tensors(descriptions, count):
    return [Tensor(_text(d.name), tuple(d.dims[:d.rank])) for d in descriptions[:count]]


def load(path, threads=0, profile=False):
    """Loads a compiled model. `threads`: 0 for all cores that this process may use. With
    `profile`, every run is measured from the start."""
    return Model(path, threads, profile)


class Model:
    """A compiled model with memory and threads of its own. Models are independent of each other;
    calls of one model from several threads wait for each other."""

    def __init__(self, path, threads=0, profile=False):
        self._ctx = None
        self._lock = threading.Lock()
        self.path = os.path.abspath(os.fspath(path))
        self._desc = self._open()
        desc = self._desc
        self.name = _text(desc.name)
        self.target = _text(desc.target)
        self.inputs = _tensors(desc.inputs, desc.num_inputs)
        self.outputs = _tensors(desc.outputs, desc.num_outputs)
        self.labels = [_text(label) for label in desc.labels[:desc.num_labels]]
        preprocess = _text(desc.preprocess_json)
        self.preprocess = json.loads(preprocess) if preprocess else None
        self.weights_bytes = desc.weights_bytes
        self.workspace_bytes = desc.workspace_bytes
        self._profiling = bool(profile)
        options = _Options(ctypes.sizeof(_Options), _as_int(threads), self._profiling, None, None)
        ctx = ctypes.c_void_p()
        self._check(desc.create(ctypes.byref(options), ctypes.byref(ctx)))
        self._ctx = ctx

    def _open(self):
        if not os.path.isfile(self.path):
            raise Error(f"{self.path}: no such file")
        try:
            self._library = ctypes.CDLL(self.path)
        except OSError as error:
            raise Error(f"{self.path}: can't load it: {error}") from None
        try:
            entry = self._library.incc_model
        except AttributeError:
            raise Error(f"{self.path}: not a model compiled by incc (no incc_model)") from None
        entry.argtypes = []
        entry.restype = ctypes.POINTER(_ModelDesc)
        desc = entry().contents
        if desc.abi_version != _ABI_VERSION or desc.struct_bytes < ctypes.sizeof(_ModelDesc):
            raise Error(f"{self.path}: compiled for version {desc.abi_version} of incc's interface,"
                        f" expected {_ABI_VERSION}")
        return desc

    def _check(self, status):
        if status:
            raise Error(f"{self.name}: {_text(self._desc.last_error())}")

    def _opened(self):
        if self._ctx is None:
            raise Error(f"{self.name}: the model is closed")
        return self._ctx

    def _as_input(self, value, tensor):
        array = np.asarray(value)
        if not np.can_cast(array.dtype, np.float32, "same_kind"):
            raise TypeError(f"{self.name}: input '{tensor.name}': expected numbers that convert to"
                            f" float32, got {array.dtype}")
        if array.shape != tensor.shape:
            raise ValueError(f"{self.name}: input '{tensor.name}': expected shape {tensor.shape},"
                             f" got {array.shape}")
        return np.require(array, dtype=np.float32, requirements=["C", "A"])

    def _run(self, arrays):
        """Runs once; the lock is held."""
        outputs = [np.empty(tensor.shape, np.float32) for tensor in self.outputs]
        ins = (_FLOATS * len(arrays))(*(a.ctypes.data_as(_FLOATS) for a in arrays))
        outs = (_FLOATS * len(outputs))(*(a.ctypes.data_as(_FLOATS) for a in outputs))
        self._check(self._desc.run(self._opened(), ins, outs))
        return outputs

    def _as_inputs(self, values):
        if len(values) != len(self.inputs):
            names = ", ".join(tensor.name for tensor in self.inputs)
            raise TypeError(f"{self.name}: expected {len(self.inputs)} input(s) ({names}), got"
                            f" {len(values)}")
        return [self._as_input(value, tensor) for value, tensor in zip(values, self.inputs)]

    def __call__(self, *inputs):
        """Runs the model on one array per input: of any number type, in any memory layout."""
        arrays = self._as_inputs(inputs)
        with self._lock:
            outputs = self._run(arrays)
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def threads(self):
        """How many threads share a run."""
        return self._desc.num_threads(self._opened())

    def profile(self, *inputs, runs=10):
        """Where the time goes: a dict per step with its layer, kind, stage, tasks, flops, ms (mean
        of a run) and gflops (10^9 operations a second).

        A model that was loaded with `profile` reports the runs so far, if there were any. Otherwise
        `runs` runs are measured now, on `inputs` or on zeros."""
        with self._lock:
            self._opened()
            if inputs or not self._profiling or not self._measured()[1]:
                arrays = (self._as_inputs(inputs) if inputs else
                          [np.zeros(tensor.shape, np.float32) for tensor in self.inputs])
                self._run(arrays)  # touches the memory for the first time
                self._check(self._desc.set_profile(self._ctx, 1))
                for _ in range(max(1, runs)):
                    self._run(arrays)
            step_ns, num_runs = self._measured()
            if not self._profiling:
                self._check(self._desc.set_profile(self._ctx, 0))
        report = []
        for step, total_ns in zip(self._desc.steps[:self._desc.num_steps], step_ns):
            ns = total_ns / num_runs
            report.append({
                "layer": _text(step.layer), "kind": _text(step.kind), "stage": step.stage,
                "tasks": step.tasks, "flops": step.flops, "ms": ns / 1e6,
                "gflops": step.flops / ns if ns else 0.0,
            })
        return report

    def _measured(self):
        step_ns = (ctypes.c_uint64 * max(1, self._desc.num_steps))()
        num_runs = ctypes.c_uint64()
        self._check(self._desc.profile(self._ctx, step_ns, ctypes.byref(num_runs)))
        return list(step_ns)[:self._desc.num_steps], num_runs.value

    def close(self):
        """Ends the threads and frees the memory; the library stays loaded."""
        with self._lock:
            ctx, self._ctx = self._ctx, None
            if ctx is not None:
                self._desc.destroy(ctx)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_ctx", None) is not None:
            self.close()

    def __repr__(self):
        shapes = ", ".join(f"{t.name} {'x'.join(map(str, t.shape))}" for t in self.inputs)
        return f"<incc model {self.name} ({shapes}) for {self.target}>"


def _as_int(threads):
    if not 0 <= threads < 2**31 or threads != int(threads):
        raise ValueError(f"expected a number of threads from 0 on, got {threads}")
    return int(threads)
