"""Writes incc-bench's page of results from two made-up runs: made_up_results.py SCRIPTS FOLDER"""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from results_page import write_page  # noqa: E402
from results_plot import write_plot  # noqa: E402


def engine(name, version, ms, load):
    return {"name": name, "version": version, "median_ms": ms, "least_ms": ms - 1,
            "median_ratio": ms / 10, "gflops": 50, "process_ms": 9, "load_ms": load,
            "peak_bytes": 1e8, "file_bytes": 1e6, "largest_difference": 1e-6}


def run(model, *peers):
    return {"model": model, "batch": 1, "threads": 1, "cpu": "Some CPU", "date": "2030-01-02",
            "machine": {"cores": 2, "system": "6.1"}, "reference": "incc", "peak_gflops": 100,
            "fastest_peer": "torch", "ratio_to_fastest_peer": 10 / 15,
            "engines": [engine("incc", "", 10, 7), engine("torch", "2.5", 15, 70), *peers]}


def layer(kind, ms, flops, algorithm="", kernel=(), groups=1):
    return {"layer": kind, "kind": kind, "least_ms": ms, "flops": flops, "algorithm": algorithm,
            "kernel": list(kernel), "groups": groups}


results = [run("a", engine("mnn", "3", 20, 700)) |
           {"flops": 1e9, "layers": [layer("conv2d", 4, 6e8, "winograd", [3, 3]),
                                     layer("conv2d", 3, 2e8, "direct", [1, 1]),
                                     layer("conv2d", 1, 1e8, "direct", [1, 1]),
                                     layer("conv2d", 1, 2e7, "lanes", [3, 3], groups=32),
                                     layer("max_pool", 1, 0)]},
           run("b", {"name": "mnn", "version": "",
                     "failure": "its converter ended with status 1"})]
folder = pathlib.Path(sys.argv[2])
write_page(results, folder / "RESULTS.md")
write_plot(results, folder / "results.svg")
