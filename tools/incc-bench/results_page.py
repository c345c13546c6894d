"""The page of results: RESULTS.md."""
import math

HEAD = """\
# Results
<!-- Written by tools/incc-bench/results.py: change that, not this. -->
{models} beside {engines},
measured on {dates} on {cpu}, {cores} CPUs, Linux {system}.

Every row is one run of `incc-bench`: float32, all engines on the same CPUs in turns, medians in ms;
in brackets how much longer than incc. `tools/incc-bench/results.py` measures and writes this page,
`--from-json` writes it from the last measurement; every single time is in `build/bench/*.json`.
Before anything is timed the outputs are compared with {reference}'s. Weights are random.

![How much longer than incc the other engines take](results.svg)
"""


def write_page(results, path):
    names = engine_names(results)
    first = results[0]
    machine = first.get("machine", {})
    page = [HEAD.format(models=plural(len({r["model"] for r in results}), "network"),
                        engines=", ".join(versions(results)), dates=dates(results),
                        cpu=" and ".join(sorted({r["cpu"] for r in results})),
                        cores=machine.get("cores", "?"), system=machine.get("system", "?"),
                        reference=first["reference"])]
    for key in sorted({(r["batch"], r["threads"]) for r in results}):
        group = [r for r in results if (r["batch"], r["threads"]) == key]
        page.append(f"\n## Batch {key[0]}, {plural(key[1], 'thread')}\n\n" + times(group, names))
    alike = [r for r in results if same_setting(r, first)]
    page.append(shares(alike))
    page.append("\n## Loading\n\n" + loading(alike, names))
    page.append(failures(results))
    path.write_text("".join(page))


def plural(count, noun):
    return f"{count} {noun}" + ("" if count == 1 else "s")


def short(number):
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def same_setting(a, b):
    return (a["batch"], a["threads"]) == (b["batch"], b["threads"])


def engine_names(results):
    """Of the other engines, in the order of the first run that has them."""
    return list(dict.fromkeys(e["name"] for r in results for e in r["engines"][1:]))


def versions(results):
    return sorted({f"{e['name']} {e['version']}".strip() for r in results
                   for e in r["engines"][1:] if e["version"]})


def dates(results):
    every = sorted({r.get("date", "?") for r in results})
    return every[0] if len(every) == 1 else f"{every[0]} to {every[-1]}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def times(results, names):
    rows = []
    ratios = []
    for result in results:
        own, *others = result["engines"]
        others = {engine["name"]: engine for engine in others}
        cells = []
        for name in names:
            engine = others.get(name, {})
            cells.append("-" if "median_ms" not in engine else
                         f"{engine['median_ms']:.2f} ({engine['median_ratio']:.2f}x)")
        ahead = 1 / result["ratio_to_fastest_peer"] if "fastest_peer" in result else None
        ratios += [ahead] if ahead else []
        rows.append([result["model"], f"{own['median_ms']:.2f}", f"{own['least_ms']:.2f}", *cells,
                     f"{ahead:.2f}x ({result['fastest_peer']})" if ahead else "-",
                     f"{100 * own['gflops'] / result['peak_gflops']:.0f}%",
                     f"{max([e.get('largest_difference', 0) for e in result['engines']]):.0e}"
                     if len(result["engines"]) > 1 else "-"])
    head = ["network", "incc", "its least", *names, "fastest of them", "of FMA peak", "differences"]
    text = table(head, rows)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        text += f"\nThe fastest of the others takes {mean:.2f} times as long (geometric mean).\n"
    return text + ("\nMultiply-adds are those of direct convolutions, so that Winograd's exceed "
                   "the peak. \"Differences\": the largest of any engine.\n")


def is_conv(layer, algorithm):
    return layer["kind"] == "conv2d" and layer.get("algorithm") == algorithm


# How layers compute: the name of a class, and which layers belong to it.
CLASSES = {
    "1x1, direct": lambda l: is_conv(l, "direct") and l["groups"] == 1 and l["kernel"] == [1, 1],
    "1x1, Strassen": lambda l: is_conv(l, "strassen"),
    "Winograd": lambda l: is_conv(l, "winograd"),
    "larger, direct": lambda l: is_conv(l, "direct") and l["groups"] == 1 and l["kernel"] != [1, 1],
    "grouped": lambda l: l["kind"] == "conv2d" and l.get("groups", 1) > 1,
    "fully connected": lambda l: l["kind"] == "linear",
}


def shares(results):
    """Of each network the time of each class of layers, and how fast they multiply."""
    rows = []
    for result in results:
        layers = result.get("layers", [])
        if "fastest_peer" not in result or not any(layer.get("algorithm") for layer in layers):
            continue
        total, peak = sum(layer["least_ms"] for layer in layers), result["peak_gflops"]
        row, rest = [result["model"]], layers
        for belongs in CLASSES.values():
            members = [layer for layer in rest if belongs(layer)]
            rest = [layer for layer in rest if not belongs(layer)]
            time = sum(layer["least_ms"] for layer in members)
            speed = sum(layer["flops"] for layer in members) / (time * 1e6 * peak) if time else 0
            row.append(f"{100 * time / total:.0f}% at {100 * speed:.0f}%" if members else "-")
        row.append(f"{100 * sum(layer['least_ms'] for layer in rest) / total:.0f}%")
        fastest = result["engines"][0]["median_ms"] / result["ratio_to_fastest_peer"]
        row.append(f"{fastest / (result['flops'] / peak * 1e-6):.2f}x")
        rows.append(row)
    if not rows:
        return ""
    return (f"\n## Where the time goes\n\nBatch {results[0]['batch']}, "
            f"{plural(results[0]['threads'], 'thread')}: the share of incc's time in each class of "
            "layers, at which percentage of the FMA peak they\nmultiply (multiply-adds of direct "
            "convolutions: what is above 100% was saved by the algorithm). The last column is how much\n"
            "longer the fastest other engine takes than all multiply-adds would at the peak: without "
            "algorithms that save some,\nno engine could be ahead by more.\n\n"
            + table(["network", *CLASSES, "others", "all at the peak"], rows))


def loading(results, names):
    measures = [("process_ms", 1), ("load_ms", 1), ("peak_bytes", 1e-6), ("file_bytes", 1e-6)]
    rows = []
    for result in results:
        engines = {engine["name"]: engine for engine in result["engines"]}
        rows.append([result["model"]] + [
            " / ".join(short(engines[name][measure] * scale) for measure, scale in measures)
            if "process_ms" in engines.get(name, {}) else "-" for name in ["incc", *names]])
    return (f"Fresh processes, batch {results[0]['batch']}, "
            f"{plural(results[0]['threads'], 'thread')}, least of three: first answer, ms / loading "
            "and a run, ms / peak memory, MB / model files, MB.\nAll in Python: the first answer "
            "counts from the process's start, memory includes Python and the engine's library.\n"
            "incc's file is the library that holds code and weights.\n\n"
            + table(["network", "incc", *names], rows))


def failures(results):
    lines = list(dict.fromkeys(
        f"- {e['name']}, {r['model']}, batch {r['batch']}: {' '.join(e['failure'].split())}\n"
        for r in results for e in r["engines"] if "failure" in e))
    return "\n## Not supported\n\n" + "".join(lines) if lines else ""
