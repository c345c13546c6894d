"""OpenVINO."""
import openvino


class Engine:
    version = openvino.__version__.split("-")[0]

    def __init__(self, model, threads):
        # f32: on newer CPUs the default is bf16. Its own pinning is off: all engines have one mask.
        self.compiled = openvino.Core().compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False})
        self.request = self.compiled.create_infer_request()
        self.settings = f"{threads} thread(s), 1 stream"

    def bind(self, inputs):
        self.inputs = inputs
        for i, array in enumerate(inputs):
            self.request.set_input_tensor(i, openvino.Tensor(array, shared_memory=True))

    def run(self):
        self.request.start_async()
        self.request.wait()

    def outputs(self):
        return [self.request.get_output_tensor(i).data.copy()
                for i in range(len(self.compiled.outputs))]
