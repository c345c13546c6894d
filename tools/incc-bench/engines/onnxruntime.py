"""ONNX Runtime."""
import onnxruntime


class Engine:
    version = onnxruntime.__version__

    def __init__(self, model, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model, options,
                                                    providers=["CPUExecutionProvider"])
        self.settings = f"{threads} intra-op thread(s), spinning between ops (the default)"

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
