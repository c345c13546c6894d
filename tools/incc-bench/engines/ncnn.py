"""ncnn, with pnnx to convert the model."""
import importlib.util
import pathlib

import ncnn
import numpy as np

from engines.convert import run_converter


def convert(model, folder):
    # Found, not imported: the module wants PyTorch, the program in it does not.
    package = pathlib.Path(importlib.util.find_spec("pnnx").origin).parent
    # It writes a dozen files beside the model: let that be in the folder.
    link = folder / "model.onnx"
    link.symlink_to(pathlib.Path(model).resolve())
    files = [folder / "model.ncnn.param", folder / "model.ncnn.bin"]
    run_converter([package / "pnnx", link, "fp16=0"], files)  # weights stay float32
    return files


class Engine:
    version = ncnn.__version__

    def __init__(self, files, threads):
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = threads
        options.use_vulkan_compute = False
        for name in dir(options):
            if name.startswith(("use_fp16", "use_bf16")):
                setattr(options, name, False)
        if self.net.load_param(str(files[0])) or self.net.load_model(str(files[1])):
            raise RuntimeError("can't load what pnnx wrote")
        self.settings = f"{threads} thread(s), Winograd and sgemm convolutions (the default)"

    def bind(self, inputs):
        self.inputs = [ncnn.Mat(array, batch_index=0).clone() for array in inputs]

    def run(self):
        extractor = self.net.create_extractor()
        for name, value in zip(self.net.input_names(), self.inputs, strict=True):
            extractor.input(name, value)
        self.results = []
        for name in self.net.output_names():
            status, value = extractor.extract(name)
            if status:
                raise RuntimeError(f"can't compute '{name}': status {status}")
            self.results.append(value)

    def outputs(self):
        return [np.array(value.numpy(batch_index=0)) for value in self.results]
