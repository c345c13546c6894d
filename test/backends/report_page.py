"""Reads a report's page as a user does: opens it, searches, clicks, scrolls, and compares what is
seen with report.json.

    report_page.py FOLDER [--screenshots FOLDER]
"""
import argparse
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "Inputs"))
from browser import Browser  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--screenshots")
arguments = parser.parse_args()
report = json.load(open(os.path.join(arguments.folder, "report.json")))
page_path = os.path.join(arguments.folder, "report.html")
steps, maps = report["steps"], report["memory"]["maps"]


def number(text):
    """The number that a cell begins with, in units: 1.5 GFLOP, 38 KiB, 1,234."""
    match = re.match(r"([\d,.]+) ?([kKMGT]?)(i?)", text)
    assert match, f"no number: {text!r}"
    base = 1024 if match[3] else 1000
    return float(match[1].replace(",", "")) * base ** " kMGT".index(match[2].replace("K", "k") or " ")


def is_close(seen, wanted):
    """Equal to the three digits that are shown."""
    return abs(number(seen) - wanted) <= max(0.006 * abs(wanted), 0.0006)


def look(page, name):
    if arguments.screenshots:
        os.makedirs(arguments.screenshots, exist_ok=True)
        page.screenshot(os.path.join(arguments.screenshots, f"{report['name']}-{name}.png"))


def open_tab(page, name):
    page.click(f"#tabs [data-view={name}]")
    assert page.texts("#tabs [aria-selected=true]") == page.texts(f"#tabs [data-view={name}]")


def check_header(page):
    assert page.texts("h1") == [report["name"]]
    figures = dict(zip(page.texts("#figures dt"), page.texts("#figures dd")))
    assert figures["steps"] == str(len(steps))
    assert is_close(figures["work"], sum(step["flops"] for step in steps)), figures
    assert is_close(figures["arena"], report["memory"]["arena_bytes"]), figures
    assert is_close(figures["weights"], report["memory"]["weights_bytes"]), figures


def check_graph(page):
    """All steps are there, none above another; modules close and open; wheel and mouse move."""
    count = "document.querySelectorAll('.graph .node.step').length"
    assert page.evaluate(count) == len(steps)
    overlaps = page.evaluate("""(() => {
        const cards = [...document.querySelectorAll('.graph .node .card')];
        const boxes = cards.map(card => card.getBoundingClientRect());
        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
                               a.top < b.bottom - 1 && b.top < a.bottom - 1;
        return boxes.filter((a, i) => boxes.some((b, j) => j < i && meet(a, b))).length;
    })()""")
    assert overlaps == 0, f"{overlaps} nodes overlap"
    modules = page.evaluate("views[0].modules.filter(m => m.parent == views[0].root).map(m => m.path)")
    if modules:
        title = f'.graph [data-toggle="{modules[0]}"]'
        page.click(title)
        inside = page.evaluate(f"stepsIn(views[0].modules.find(m => m.path == '{modules[0]}')).length")
        assert page.evaluate(count) == len(steps) - inside
        assert f"{inside} step" in page.texts(f'.closed[data-module="{modules[0]}"]')[0]
        page.click(f'.closed[data-module="{modules[0]}"] .toggle')
        assert page.evaluate(count) == len(steps)
        page.evaluate("document.querySelectorAll('.graph-view .tools button')[4].click()")
        assert page.evaluate("document.querySelectorAll('.graph .closed').length") == len(modules)
        look(page, "closed")
        page.evaluate("document.querySelectorAll('.graph-view .tools button')[3].click()")
    place = "document.querySelector('.graph > g').getAttribute('transform')"

    def transform():
        return [float(part) for part in re.findall(r"-?\d[\d.e-]*", page.evaluate(place))]

    x, y, scale = transform()
    page.wheel(".graph", -100, ctrl=True)
    assert transform()[2] > scale, "Ctrl and wheel zoom"
    page.evaluate("views[0].viewport.fit()")
    page.wheel(".graph", 60)
    moved = transform()
    assert moved[2] == scale and abs(moved[1] - y + 60) < 1, "the wheel moves"
    page.drag(".graph", 40, 25)
    dragged = transform()
    distance = [after - before for after, before in zip(dragged, moved)]
    assert abs(distance[0] - 40) < 1 and abs(distance[1] - 25) < 1, "the mouse moves"
    for _ in range(8):
        page.key("+")
    near = transform()
    page.click(".minimap")
    assert transform()[2] == near[2] > scale and transform()[:2] != near[:2], "the map leads there"
    page.key("0")
    assert transform() == [x, y, scale], "0 shows everything"


def check_search(page):
    """/ and a part of a name lead to a layer; the details show it; the address keeps it."""
    step = max(range(len(steps)), key=lambda index: steps[index]["flops"])
    layer = steps[step]["layer"]
    page.key("/")
    page.type(layer)
    matches = page.texts("#matches [data-step] b")
    assert layer in matches, matches
    for _ in range(matches.index(layer)):
        page.key("ArrowDown")
    page.key("Enter")
    found = page.evaluate("selection.step.index")
    assert steps[found]["layer"] == layer
    assert page.texts("#details h2") == [layer]
    page.middle(".graph .node.selected .card")  # is in sight
    assert page.evaluate("location.hash") == f"#graph:{found + 1}"
    details = dict(zip(page.texts("#details dt"), page.texts("#details dd")))
    assert details["Tasks"] == str(steps[found]["tasks"])
    assert details["Output"] == "\u00d7".join(map(str, maps[steps[found]["outputs"][0]]["shape"]))
    look(page, "details")
    page.key("Escape")
    assert page.evaluate("document.getElementById('details').hidden")
    page.key("/")
    page.type("no such layer")
    assert page.texts("#matches li") == ["No layer has that in its name"]
    page.key("Escape")


def check_layers(page):
    open_tab(page, "layers")
    columns = page.texts(".layers-view th")

    def column(name):
        index = columns.index(name) + 1
        return page.texts(f".layers-view td:nth-child({index})")

    assert column("Layer") == [step["layer"] or "-" for step in steps]
    assert column("Tasks") == [str(step["tasks"]) for step in steps]
    for text, step in zip(column("Work"), steps):
        assert is_close(text, step["flops"]) if step["flops"] else not text, (text, step)
    planned = {"threads": report["threads"], "gigahertz": report["target"]["gigahertz"]}
    run = report.get("measured", planned)
    rounds = [-(-step["tasks"] // run["threads"]) for step in steps]
    times = [step["cycles"] / step["tasks"] * count / (run["gigahertz"] * 1e6)
             for step, count in zip(steps, rounds)]
    assert all(is_close(text, ms) for text, ms in zip(column("Modelled"), times)), column("Modelled")
    if "measured" in report:
        times = run["step_ms"]
        assert all(is_close(text, ms) for text, ms in zip(column("Measured"), times))
    name = "Measured" if "measured" in report else "Modelled"
    head = f".layers-view th:nth-child({columns.index(name) + 1}) button"
    page.evaluate(f"document.querySelector('{head}').scrollIntoView()")
    page.click(head)
    slowest = sorted(range(len(steps)), key=lambda index: (-times[index], index))
    assert column("#") == [str(index + 1) for index in slowest]
    look(page, "layers")
    page.click(head)
    assert column("#")[0] == str(min(range(len(steps)), key=lambda index: (times[index], index)) + 1)
    page.click(".layers-view tbody tr:nth-child(2)")
    assert page.texts("#details h2")[0] == column("Layer")[1]
    page.key("Escape")


def check_memory(page):
    """Rectangles are to scale: bytes up, stages across."""
    open_tab(page, "memory")
    look(page, "memory")
    buffers = {index: a_map for index, a_map in enumerate(maps) if "bytes" in a_map}
    shown = page.evaluate("""[...document.querySelectorAll('.buffers [data-buffer]')].map(e => {
        const rect = e.querySelector('rect'), at = name => Number(rect.getAttribute(name));
        return [e.dataset.buffer, at('x'), at('y'), at('width'), at('height')];
    })""")
    assert {int(row[0]) for row in shown} == set(buffers)
    largest = max(shown, key=lambda row: row[4])
    scale = (largest[4] + 1) / buffers[int(largest[0])]["bytes"]
    ground = largest[2] + largest[4] + 0.5 + buffers[int(largest[0])]["offset"] * scale
    for index, _, top, _, height in shown:
        buffer = buffers[int(index)]
        assert abs(top - 0.5 - (ground - (buffer["offset"] + buffer["bytes"]) * scale)) < 1, buffer
    limits = " ".join(page.texts(".limit text"))
    assert is_close(re.search(r"peak.*? ([\d.]+ \w+)", limits)[1], report["memory"]["arena_bytes"])
    page.hover(f'.buffers [data-buffer="{largest[0]}"] rect')
    assert buffers[int(largest[0])]["name"] in page.texts("#tooltip b")


def check_timeline(page):
    """Each thread's pieces are there, to scale."""
    open_tab(page, "timeline")
    look(page, "timeline")
    lanes = page.evaluate("""[...document.querySelectorAll('.lane.thread')].map(lane =>
        [...lane.querySelectorAll('[data-step]')].map(e =>
            [e.dataset.step, e.dataset.tasks, e.querySelector('rect').getAttribute('x')]))""")
    assert len(lanes) == report["threads"]
    pieces = report["timeline"]["pieces"]
    left = min(float(x) for lane in lanes for _, _, x in lane)
    width = max(float(x) for lane in lanes for _, _, x in lane) - left
    scale = width / max(piece["begin"] for piece in pieces)
    for thread, lane in enumerate(lanes):
        own = [piece for piece in pieces if piece["thread"] == thread]
        assert [(str(piece["step"]), str(piece["tasks"])) for piece in own] == \
            [(step, tasks) for step, tasks, _ in lane]
        for piece, (_, _, x) in zip(own, lane):
            assert abs(float(x) - left - piece["begin"] * scale) < 1, piece
    page.hover(".lane.thread [data-step] rect")
    assert page.texts("#tooltip b") != [""]


def check_fusion(page):
    open_tab(page, "fusion")
    look(page, "fusion")
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    decisions = [d for d in report["decisions"] if d["pass"] != "factorize-conv"]
    rows = ".fusion-view tbody tr"
    assert len(page.texts(rows)) == len(decisions)
    page.click(".filters .done input")
    declined = [d for d in decisions if not d["done"]]
    assert len(page.texts(rows)) == len(declined)
    for decision in declined:
        assert any(decision["text"] in text for text in page.texts(rows)), decision
    page.click(".filters .done input")


def check_factorization(page):
    """Every verdict has its row, and its numbers in their columns."""
    open_tab(page, "factorization")
    look(page, "factorization")
    verdicts = [d for d in report["decisions"] if d["pass"] == "factorize-conv"]
    rows = page.texts(".factorization-view tbody tr")
    assert len(rows) == len(verdicts)
    for verdict, row in zip(verdicts, rows):
        assert verdict["layer"] in row and verdict["text"] in row, row
    columns = page.texts(".factorization-view th")
    for index, verdict in enumerate(verdicts):
        for name, value in verdict.get("numbers", []):
            column = columns.index(re.sub(" (before|after)$", "", name)) + 1
            row = f".factorization-view tbody tr:nth-child({index + 1})"
            cell = page.texts(f"{row} td:nth-child({column})")[0]
            if name.endswith(" before"):
                assert is_close(cell, value), (name, cell, value)
            elif name == "rank":
                assert cell == f"{value:,.0f}", (name, cell, value)


with Browser() as browser:
    page = browser.open(page_path, 1280, 900)
    assert page.complaints() == [] and page.requests() == []
    look(page, "graph")
    check_header(page)
    check_graph(page)
    check_search(page)
    check_layers(page)
    check_memory(page)
    check_timeline(page)
    if report["decisions"]:
        check_fusion(page)
    if any(decision["pass"] == "factorize-conv" for decision in report["decisions"]):
        check_factorization(page)
    assert page.complaints() == [] and page.requests() == []

    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page = browser.open(page_path, 390, 780, dark=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing is wider than a phone"
    page.key("j")
    assert page.texts("#details h2") == [steps[0]["layer"]]
    look(page, "narrow")
    assert page.complaints() == [] and page.requests() == []
print(f"{report['name']}: the page shows what report.json says")
