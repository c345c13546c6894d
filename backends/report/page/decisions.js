// What passes did and what they left alone, and why; the factorizations that were considered.

const kFactorizePass = "factorize-conv";
const factorizations = report.decisions.filter(decision => decision.pass == kFactorizePass);
const fusions = report.decisions.filter(decision => decision.pass != kFactorizePass);

/** A layer's name, which selects the step that computes it. */
function layerLink(name) {
  const step = steps.find(step => step.layers.includes(name));
  return step ? el("button", {class: "link", onclick: () => selection.set(step)}, name)
    : el("span", {}, name || "-");
}

const verdictClass = decision => decision.done ? "done" : "declined";
const verdictCell = decision =>
  el("td", {class: "verdict", title: decision.done ? "done" : "left alone"},
     decision.done ? "\u2713" : "\u2013");

/** Small ones as 1.5e-6: errors are. */
function formatFigure(value) {
  const size = Math.abs(value);
  if (size >= 1e5)
    return scaled(value, 1000, ["", "k", "M", "G", "T"]);
  if (Number.isInteger(value))
    return value.toLocaleString("en-US");
  return size < 0.01 ? value.toExponential(1) : formatNumber(value);
}

class DecisionsView {
  constructor() {
    this.name = "fusion";
    this.title = "Fusion";
    this.shown = {done: true, declined: true};
    this.passes = new Map();
    for (const decision of fusions)
      this.passes.set(decision.pass, [...this.passes.get(decision.pass) ?? [], decision]);
  }

  static hasData() { return fusions.length > 0; }

  build() {
    this.list = el("div", {class: "passes"});
    this.element = el("section", {class: "view fusion-view"},
      el("div", {class: "filters"}, this.filter("done", "done"),
         this.filter("declined", "left alone")), this.list);
    this.draw();
    return this.element;
  }

  filter(kind, text) {
    const count = fusions.filter(decision => verdictClass(decision) == kind).length;
    const box = el("input", {type: "checkbox", checked: true, onchange: () => {
      this.shown[kind] = box.checked;
      this.draw();
    }});
    return el("label", {class: kind}, box, ` ${text} `, el("b", {}, String(count)));
  }

  draw() {
    replaceChildren(this.list, [...this.passes].map(([pass, all]) => {
      const done = all.filter(decision => decision.done).length, declined = all.length - done;
      const counts = el("span", {class: "counts"},
        done && el("span", {class: "done"}, `${done} done`), " ",
        declined && el("span", {class: "declined"}, `${declined} left alone`));
      // Long lists of what went as it should are for those who ask.
      return el("details", {open: declined > 0 || all.length <= 12, "data-pass": pass},
        el("summary", {}, el("b", {}, pass),
           el("span", {class: "muted"}, report.passes?.[pass]), counts),
        this.table(all.filter(decision => this.shown[verdictClass(decision)])));
    }));
  }

  table(decisions) {
    const figures = ({numbers}) => (numbers ?? []).map(([name, value], i) =>
      el("span", {class: "muted"}, `${i ? ", " : " - "}${name} ${formatFigure(value)}`));
    return el("table", {}, el("tbody", {}, decisions.map(decision =>
      el("tr", {class: verdictClass(decision)}, verdictCell(decision),
         el("td", {}, layerLink(decision.layer)),
         el("td", {}, decision.text, figures(decision))))));
  }

  show() {}
}

class FactorizationView {
  constructor() {
    this.name = "factorization";
    this.title = "Factorization";
    // "cycles before" and "cycles after" share a column.
    const names = factorizations.flatMap(({numbers}) => (numbers ?? []).map(([name]) => name));
    this.columns = [...new Set(names.map(name => name.replace(/ (before|after)$/, "")))];
  }

  static hasData() { return factorizations.length > 0; }

  build() {
    const done = factorizations.filter(decision => decision.done).length;
    const head = el("tr", {}, el("th"), el("th", {}, "Layer"),
      this.columns.map(name => el("th", {class: "number"}, name)), el("th", {}, "Verdict"));
    const rows = factorizations.map(decision => el("tr", {class: verdictClass(decision)},
      verdictCell(decision), el("td", {}, layerLink(decision.layer)),
      this.columns.map(name => el("td", {class: "number"}, this.figure(decision, name))),
      el("td", {}, decision.text)));
    this.element = el("section", {class: "view factorization-view"},
      el("p", {class: "lead"}, `${plural(factorizations.length, "verdict")} on convolutions, ` +
         `${done} of them to factorize.`),
      el("div", {class: "scroller"}, el("table", {}, el("thead", {}, head),
                                        el("tbody", {}, rows))));
    return this.element;
  }

  figure({numbers}, name) {
    const values = new Map(numbers), value = values.get(name);
    const before = values.get(name + " before"), after = values.get(name + " after");
    if (before === undefined || after === undefined)
      return value === undefined ? "" : formatFigure(value);
    const ratio = before / after;
    return [`${formatFigure(before)} \u2192 ${formatFigure(after)} `,
            el("b", {class: ratio > 1 ? "better" : "worse"}, `${formatNumber(ratio)}\u00d7`)];
  }

  show() {}
}
