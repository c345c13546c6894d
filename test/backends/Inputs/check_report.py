"""Checks a report against itself: facts that follow from others are computed once more."""
import json
import sys

report = json.load(open(sys.argv[1]))
steps, maps = report["steps"], report["memory"]["maps"]


def root(number, channel=0):
    """The declared map that a view is of, and the first channel."""
    while "of" in maps[number]:
        channel += maps[number]["channel"]
        number = maps[number]["of"]
    return number, channel


def channels(number):
    base, first = root(number)
    return {(base, c) for c in range(first, first + maps[number]["shape"][1])}


# Who depends on whom: a step reads channels of a map that others (or the caller) wrote.
writers, expected = {}, set()
for number, a_map in enumerate(maps):
    if "input" in a_map:
        for channel in channels(number):
            writers.setdefault(channel, []).append(("input", number))
for index, step in enumerate(steps):
    for number in step["inputs"]:
        for channel in channels(number):
            assert channel in writers, f"step {index} reads channel {channel}, which nothing wrote"
            expected |= {(writer, ("step", index)) for writer in writers[channel]}
    for number in step["outputs"]:
        for channel in channels(number):
            writers.setdefault(channel, []).append(("step", index))
for number, a_map in enumerate(maps):
    if "output" in a_map:
        expected |= {(writer, ("output", number)) for channel in channels(number)
                     for writer in writers[channel]}

nodes = report["graph"]["nodes"]
inputs = [number for number, a_map in enumerate(maps) if "input" in a_map]
outputs = [number for number, a_map in enumerate(maps) if "output" in a_map]
ends = []
for node in nodes:
    if node["kind"] == "step":
        ends.append(("step", node["step"]))
    elif node["kind"] in ("input", "output"):
        ends.append((node["kind"], (inputs if node["kind"] == "input" else outputs).pop(0)))
    else:
        ends.append(None)
# Concatenations stand between.
leads = {}
for edge in report["graph"]["edges"]:
    leads.setdefault(edge["to"], []).append(edge["from"])


def sources(node):
    return [source for origin in leads.get(node, [])
            for source in ([ends[origin]] if ends[origin] else sources(origin))]


found = {(source, ends[node]) for node in range(len(nodes)) if ends[node] for source in sources(node)}
# Through a concatenation a reader of some channels also hangs on the writers of the others.
joined = {base for node in nodes if node["kind"] == "concat" for base in [node["name"]]}
assert expected <= found, f"missing edges: {expected - found}"
if not joined:
    assert found == expected, f"superfluous edges: {found - expected}"

# Buffers that live at the same time have different bytes; peak and lower bound.
buffers = [a_map for a_map in maps if "bytes" in a_map]
for i, a in enumerate(buffers):
    for b in buffers[:i]:
        if a["first_stage"] <= b["last_stage"] and b["first_stage"] <= a["last_stage"]:
            assert a["offset"] + a["bytes"] <= b["offset"] or b["offset"] + b["bytes"] <= a["offset"], (a, b)
for step in steps:
    for number in step["inputs"] + step["outputs"]:
        base = maps[root(number)[0]]
        if "bytes" in base:
            assert base["first_stage"] <= step["stage"] <= base["last_stage"], (step["layer"], base)
rounded = [-(-a["bytes"] // 64) * 64 for a in buffers]
live = [sum(size for a, size in zip(buffers, rounded) if a["first_stage"] <= stage <= a["last_stage"])
        for stage in range(steps[-1]["stage"] + 1)]
assert max(live) == report["memory"]["live_bytes"], max(live)
assert max(a["offset"] + size for a, size in zip(buffers, rounded)) == report["memory"]["arena_bytes"]

# Threads do one thing at a time, all tasks are done once, stages follow each other.
timeline = report["timeline"]
done = [0] * len(steps)
for thread in range(report["threads"]):
    last = 0
    for piece in (piece for piece in timeline["pieces"] if piece["thread"] == thread):
        assert last <= piece["begin"] + 1e-6 and piece["begin"] < piece["end"], piece
        last = piece["end"]
        stage = timeline["stages"][steps[piece["step"]]["stage"]]
        assert stage["begin"] - 1e-6 <= piece["begin"] and piece["end"] <= stage["end"] + 1e-6, piece
        done[piece["step"]] += piece["tasks"]
assert done == [step["tasks"] for step in steps]
work = sum(piece["end"] - piece["begin"] for piece in timeline["pieces"])
cycles = sum(step["cycles"] for step in steps)
assert abs(work - cycles) < 1e-6 * cycles, (work, cycles)
assert all(a["end"] <= b["begin"] for a, b in zip(timeline["stages"], timeline["stages"][1:]))
assert timeline["stages"][-1]["end"] == timeline["cycles"]

assert all(decision["pass"] in report["passes"] for decision in report["decisions"])
print(f"{len(steps)} steps, {len(expected)} dependencies, {len(buffers)} buffers hold together")
