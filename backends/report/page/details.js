// Everything about the selected step, beside the view.

class Details {
  constructor() {
    this.element = byId("details");
    selection.listeners.push(step => this.show(step));
  }

  show(step) {
    this.element.hidden = !step;
    if (!step)
      return;
    const {params, others} = step;
    const close = button("\u00d7", "Close (Esc)", () => selection.set(null));
    close.classList.add("close");
    replaceChildren(this.element, close,
      el("h2", {style: `--color: ${step.color}`}, breakable(step.layer || step.work)),
      others.length && el("p", {class: "muted"}, "with " + others.join(", ")),
      this.times(step),
      this.table("What", [
        ["Computes", [step.work, ...step.epilogue].join(" + ")],
        ["Input", step.inputShape && formatShape(step.inputShape)],
        ["Output", formatShape(step.shape)],
        ["Padding", params.pads?.some(pad => pad) && params.pads.join(", ")],
        ["Groups", params.groups > 1 && String(params.groups)],
        ["Work", step.flops && formatFlops(step.flops)],
        ["Least traffic", formatBytes(step.bytes)],
      ]),
      this.table("How", [
        ["Algorithm", step.algorithm],
        ["Register tile", step.tile],
        ["Tasks", String(step.tasks)],
        ["Stage", `${step.stage + 1} of ${numStages}`],
        ...this.configRows(step),
      ]),
      this.list("Modelled alternatives", step.modelled ?? []),
      this.table("Memory", [...step.inputs.map(number => ["Reads", this.placeOf(number)]),
                            ...step.outputs.map(number => ["Writes", this.placeOf(number)])]),
      this.decisions(step), this.links(step));
  }

  /** What takes how long, as bars. */
  times(step) {
    if (step.ms === undefined)
      return null;
    const rows = [["Measured", step.measuredMs], ["Modelled", step.modelledMs],
                  ["Roofline", step.rooflineMs]].filter(([, ms]) => ms !== undefined);
    const most = largest(rows, ([, ms]) => ms);
    return el("dl", {class: "bars"},
      rows.map(([name, ms]) => {
        const style = `--share: ${100 * ms / most}%`;
        return [el("dt", {}, name), el("dd", {class: name.toLowerCase(), style}, formatMs(ms))];
      }),
      step.flops && [
        el("dt", {}, "Of peak"),
        el("dd", {class: "plain"},
           `${formatPercent(step.ofPeak)} (${formatNumber(step.gflops)} GFLOP/s)`)]);
  }

  /** The rest of what choose-algorithm decided. */
  configRows({config}) {
    const known = ["algorithm", "tile", "outputs", "levels"];
    const text = (name, value) => name.endsWith("_bytes")
      ? [value].flat().map(formatBytes).join(", ")
      : {true: "yes", false: "no"}[value] ?? String(value);
    return Object.entries(config ?? {}).filter(([name]) => !known.includes(name))
      .map(([name, value]) => [name.replaceAll("_", " "), text(name, value)]);
  }

  placeOf(number) {
    const root = maps[rootOf(number)], isView = maps[number].of !== undefined;
    const place = root.input !== undefined ? "the caller's input"
      : root.output !== undefined ? "the caller's output"
      : `${formatBytes(root.bytes)} at ${root.offset.toLocaleString("en-US")}`;
    return `${maps[number].name || root.name}: ${place}` +
      (isView ? `, channels from ${channelOf(number)}` : "");
  }

  table(title, rows) {
    const filled = rows.filter(([, value]) => value);
    return filled.length && el("section", {}, el("h3", {}, title), definitions(filled));
  }

  list(title, lines) {
    return lines.length && el("section", {}, el("h3", {}, title),
                              el("ul", {}, lines.map(line => el("li", {}, line))));
  }

  decisions(step) {
    const own = report.decisions.filter(({layer, text}) =>
      step.layers.includes(layer) || text.includes(`'${step.layer}'`));
    return own.length && el("section", {}, el("h3", {}, "What passes did"),
      el("ul", {class: "verdicts"}, own.map(({pass, layer, done, text}) =>
        el("li", {class: done ? "done" : "declined"}, el("b", {}, pass), " ",
           layer != step.layer && layer + ": ", text))));
  }

  links(step) {
    const others = views.filter(view => view != current && view.reveal);
    return el("p", {class: "go"}, others.map(view =>
      el("button", {onclick: () => openView(view, step)},
         "Show in " + view.title.toLowerCase())));
  }
}
