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


results = [run("a", engine("mnn", "3", 20, 700)),
           run("b", {"name": "mnn", "version": "",
                     "failure": "its converter ended with status 1"})]
folder = pathlib.Path(sys.argv[2])
write_page(results, folder / "RESULTS.md")
write_plot(results, folder / "results.svg")
