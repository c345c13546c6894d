"""The plot of results as SVG: a row for each network, a dot for each engine, right if slower."""

COLORS = ["#4269d0", "#e8890c", "#3ca951", "#c44ac0", "#d9463e", "#7a6a5d"]
LEFT, WIDTH, ROW, TOP = 150, 560, 18, 50
# Beyond this many times incc's time, dots stay at the border, with their number: they would squeeze
# the rest.
MOST = 4.0

# Neither black nor white: a page may be dark.
STYLE = """\
text{font:12px sans-serif;fill:#808080}.h{font-weight:bold}.n{font-size:10px}
path{stroke:#808080;stroke-opacity:.35}.one{stroke-opacity:1}circle{fill-opacity:.85}"""


def write_plot(results, path):
    names = list(dict.fromkeys(e["name"] for r in results for e in r["engines"][1:]))
    ratios = [e["median_ratio"] for r in results for e in r["engines"][1:] if "median_ratio" in e]
    least, most = min([0.9, *ratios]), min(max([1.5, *ratios]), MOST)
    least -= 0.02 * (most - least)

    def x(ratio):
        return LEFT + (min(ratio, most) - least) / (most - least) * WIDTH

    rows, y, setting = [], TOP, None
    for result in results:
        if setting != (setting := (result["batch"], result["threads"])):
            y += ROW
            rows.append(text(LEFT - 10, y, describe(*setting), 'class="h" text-anchor="end"'))
        y += ROW
        rows.append(text(LEFT - 10, y, result["model"], 'text-anchor="end"'))
        rows.append(f'<path d="M{LEFT} {y - 4}h{WIDTH}"/>')
        timed = [engine for engine in result["engines"][1:] if "median_ratio" in engine]
        for engine in timed:
            rows.append(f'<circle cx="{x(engine["median_ratio"]):.1f}" cy="{y - 4}" r="4.5" '
                        f'fill="{color(names, engine["name"])}"/>')
        beyond = [e for e in timed if e["median_ratio"] > most]
        if beyond:
            rows.append(text(LEFT + WIDTH + 8, y, ", ".join(
                f'{e["name"]} {e["median_ratio"]:.1f}' for e in beyond), 'class="n"'))
    grid = []
    for tick in [0.5, 1, 1.5, 2, 3, 4]:
        if least <= tick <= most:
            grid.append(f'<path d="M{x(tick):.1f} {TOP - 4}V{y + 6}"'
                        + (' class="one"' if tick == 1 else "") + "/>")
            grid.append(text(round(x(tick), 1), y + 20, "incc" if tick == 1 else f"{tick}x",
                             'class="n" text-anchor="middle"'))
    parts = [*legend(names), *grid, *rows]
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 200} '
                    f'{y + 28}">\n<style>\n{STYLE}\n</style>\n' + "\n".join(parts) + "\n</svg>\n")


def describe(batch, threads):
    return f"{threads} thread{'s' if threads > 1 else ''}, batch {batch}"


def color(names, name):
    return COLORS[names.index(name) % len(COLORS)]


def text(x, y, content, attributes=""):
    return f'<text x="{x}" y="{y}" {attributes}>{content}</text>'


def legend(names):
    parts = [text(LEFT, 14, "Median time in times of incc's: right of the line is slower")]
    for i, name in enumerate(names):
        parts.append(f'<circle cx="{LEFT + 5 + i * 110}" cy="32" r="4.5" '
                     f'fill="{color(names, name)}"/>')
        parts.append(text(LEFT + 15 + i * 110, 36, name))
    return parts
