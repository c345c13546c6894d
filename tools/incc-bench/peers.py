"""Runs an ONNX model with another engine, for incc-bench: peers.py ENGINE MODEL FOLDER THREADS

Reads FOLDER/input_0.npy, input_1.npy, ...; answers each line of stdin with a line of JSON:
  run N      times of N runs, in nanoseconds
  outputs    number of outputs, written to FOLDER/ENGINE_0.npy, ...
The first line, before any question, describes the engine. A mistake is answered {"error": TEXT}.
"""
import json
import pathlib
import sys
import time

import numpy as np


class OnnxRuntime:
    def __init__(self, model, threads):
        import onnxruntime
        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model, options,
                                                    providers=["CPUExecutionProvider"])
        self.settings = f"{threads} intra-op thread(s), spinning between ops (the default), f32"

    def bind(self, inputs):
        # Inputs and outputs stay where they are: nothing is allocated or copied in a run.
        self.binding = self.session.io_binding()
        for tensor, array in zip(self.session.get_inputs(), inputs, strict=True):
            self.binding.bind_cpu_input(tensor.name, array)
        for tensor in self.session.get_outputs():
            self.binding.bind_output(tensor.name)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return self.binding.copy_outputs_to_cpu()


class OpenVino:
    def __init__(self, model, threads):
        import openvino
        self.version = openvino.__version__.split("-")[0]
        core = openvino.Core()
        # f32: on newer CPUs the default is bf16. Pinning off, because no other engine here pins.
        self.compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False})
        self.request = self.compiled.create_infer_request()
        self.settings = f"{threads} thread(s), 1 stream, not pinned, f32"

    def bind(self, inputs):
        import openvino
        self.inputs = inputs
        for i, array in enumerate(inputs):
            self.request.set_input_tensor(i, openvino.Tensor(array, shared_memory=True))

    def run(self):
        self.request.start_async()
        self.request.wait()

    def outputs(self):
        return [self.request.get_output_tensor(i).data.copy()
                for i in range(len(self.compiled.outputs))]


ENGINES = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}


def serve(name, model, folder, threads):
    engine = ENGINES[name](model, threads)
    inputs = []
    while (path := folder / f"input_{len(inputs)}.npy").exists():
        inputs.append(np.ascontiguousarray(np.load(path)))
    engine.bind(inputs)
    engine.run()
    yield {"version": engine.version, "settings": engine.settings}
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "run":
            times = []
            for _ in range(int(arguments[0])):
                start = time.perf_counter_ns()
                engine.run()
                times.append(time.perf_counter_ns() - start)
            yield times
        elif command == "outputs":
            outputs = engine.outputs()
            for i, array in enumerate(outputs):
                np.save(folder / f"{name}_{i}.npy", np.ascontiguousarray(array, np.float32))
            yield len(outputs)


def main():
    # What engines print must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    name, model, folder, threads = sys.argv[1:]
    try:
        for answer in serve(name, model, pathlib.Path(folder), int(threads)):
            print(json.dumps(answer), file=answers, flush=True)
    except Exception as error:  # whatever it is, the parent has to know
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:1000]}), file=answers,
              flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
