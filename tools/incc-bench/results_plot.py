"""The plot of results: for each network how much longer than incc each engine takes, as SVG."""

COLORS = ["#4269d0", "#e8890c", "#3ca951", "#c44ac0", "#d9463e", "#7a6a5d"]
LEFT, WIDTH, ROW, BAR = 170, 560, 15, 11
HEAD = 48


def write_plot(results, path):
    names = list(dict.fromkeys(e["name"] for r in results for e in r["engines"][1:]))
    groups = []
    for result in results:
        bars = [(e["name"], e["median_ratio"]) for e in result["engines"][1:]
                if "median_ratio" in e]
        if bars:
            groups.append((label(result), bars))
    longest = max([1.0] + [ratio for _, bars in groups for _, ratio in bars])
    # What is very slow would squeeze the rest: its bar is cut off, its number is not.
    limit = min(longest, 4.0) * 1.02
    scale = WIDTH / limit
    parts = legend(names)
    y = HEAD
    for text, bars in groups:
        parts.append(f'<text x="{LEFT - 8}" y="{y + len(bars) * ROW / 2 + 4:.0f}" '
                     f'text-anchor="end">{text}</text>')
        for name, ratio in bars:
            length = min(ratio, limit) * scale
            color = COLORS[names.index(name) % len(COLORS)]
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" '
                         f'fill="{color}"/>')
            parts.append(f'<text x="{LEFT + length + 4:.1f}" y="{y + 9}" class="n">'
                         f'{ratio:.2f}</text>')
            y += ROW
        y += 10
    one = LEFT + scale
    parts.append(f'<path d="M{one:.1f} {HEAD - 6}V{y}" class="l"/>')
    parts.append(f'<text x="{one:.1f}" y="{y + 12}" text-anchor="middle" class="n">incc = 1</text>')
    # Neither black nor white: a page may be dark.
    style = ("text{font:12px sans-serif;fill:#808080}.n{font-size:10px}"
             ".l{stroke:#808080;stroke-dasharray:3 3;fill:none}")
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 50} '
                    f'{y + 20}">\n<style>{style}</style>\n' + "\n".join(parts) + "\n</svg>\n")


def label(result):
    threads = result["threads"]
    batch = "" if result["batch"] == 1 else f", batch {result['batch']}"
    return f"{result['model']}, {threads} thr.{batch}"


def legend(names):
    parts = [f'<text x="{LEFT}" y="14">Median time relative to incc (longer is slower)</text>']
    for i, name in enumerate(names):
        x = LEFT + i * 105
        parts.append(f'<rect x="{x}" y="24" width="{BAR}" height="{BAR}" '
                     f'fill="{COLORS[i % len(COLORS)]}"/>')
        parts.append(f'<text x="{x + 15}" y="34">{name}</text>')
    return parts
