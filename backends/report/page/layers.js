// All steps in a table that sorts by any column.

/** A time, with a bar that compares it with the longest. */
const timeCell = field => (step, cell) => {
  cell.classList.add("bar");
  cell.style.setProperty("--share",
                         `${100 * (step[field] || 0) / largest(steps, other => other[field])}%`);
  return formatMs(step[field]);
};

/** A share of what the machine could do; fast algorithms may go beyond it. */
const ratioCell = field => (step, cell) => {
  if (!(step[field] > 0) || !(step.ms > 0))
    return "";
  cell.classList.add("ratio");
  cell.style.setProperty("--share", `${Math.min(100, 100 * step[field])}%`);
  cell.classList.toggle("beyond", step[field] > 1);
  return formatPercent(step[field]);
};

/** What `show` returns is the cell's text. Numbers sort from the largest on at first. */
const kColumns = [
  {name: "#", key: step => step.index, show: step => String(step.index + 1), isNumber: true},
  {name: "Layer", key: step => step.layer, show(step, cell) {
    cell.classList.add("layer");
    cell.style.setProperty("--color", step.color);
    return step.layer || "-";
  }},
  {name: "Computes", key: step => step.work,
   show: step => [step.work, ...step.epilogue].join(" + ")},
  {name: "Output", key: step => step.shape.reduce((a, b) => a * b), isNumber: true,
   show: step => formatShape(step.shape)},
  {name: "Algorithm", key: step => step.algorithm, show(step, cell) {
    cell.classList.add("algorithm", step.config?.algorithm || "none");
    return step.algorithm;
  }},
  {name: "Tile", key: step => step.tile, show: step => step.tile},
  {name: "Tasks", key: step => step.tasks, show: step => String(step.tasks), isNumber: true},
  {name: "Work", key: step => step.flops, isNumber: true,
   show: step => step.flops ? formatFlops(step.flops) : ""},
  hasModel && {name: "Modelled", key: step => step.modelledMs ?? 0, isNumber: true,
               show: timeCell("modelledMs")},
  measured && {name: "Measured", key: step => step.measuredMs, isNumber: true,
               show: timeCell("measuredMs")},
  hasModel && measured && {name: "Of model", isNumber: true,
                           key: step => step.measuredMs / step.modelledMs,
                           show: step => formatPercent(step.measuredMs / step.modelledMs),
                           title: "Measured time as part of the modelled time"},
  hasTimes && {name: "Share", key: step => step.ms ?? 0, isNumber: true,
               show: step => formatPercent((step.ms ?? 0) / totalMs)},
  hasTimes && {name: "GFLOP/s", key: step => step.flops ? step.gflops : 0, isNumber: true,
               show: step => step.flops ? formatNumber(step.gflops) : ""},
  hasTimes && {name: "Of peak", key: step => step.flops ? step.ofPeak : 0, isNumber: true,
               show: ratioCell("ofPeak"),
               title: "Multiply-adds of the layer as written against the cores' peak"},
  hasTimes && {name: "Of roofline", key: step => step.ofRoofline, isNumber: true,
               show: ratioCell("ofRoofline"),
               title: "The least time by peak and by memory's bandwidth, as part of the time"},
].filter(column => column);

class LayersView {
  constructor() {
    this.name = "layers";
    this.title = "Layers";
    this.sorted = {column: kColumns[0], descending: false};
  }

  build() {
    this.head = el("tr");
    this.body = el("tbody");
    this.element = el("section", {class: "view layers-view"},
      el("div", {class: "scroller"}, el("table", {}, el("thead", {}, this.head), this.body)));
    this.body.addEventListener("click", event => {
      const step = stepAt(event.target);
      selection.set(step == selection.step ? null : step);
    });
    selection.listeners.push(step => this.showSelection(step));
    this.draw();
    return this.element;
  }

  draw() {
    const {column: by, descending} = this.sorted;
    const direction = descending ? "descending" : "ascending";
    replaceChildren(this.head, kColumns.map(column =>
      el("th", {class: column.isNumber && "number", title: column.title, scope: "col",
                "aria-sort": column == by ? direction : "none"},
         el("button", {onclick: () => this.sortBy(column)}, column.name))));
    const compare = (a, b) => typeof a == "string" ? a.localeCompare(b) : a - b;
    const order = steps.slice().sort((a, b) =>
      (descending ? -1 : 1) * compare(by.key(a), by.key(b)) || a.index - b.index);
    replaceChildren(this.body, order.map(step =>
      el("tr", {"data-step": step.index}, kColumns.map(column => {
        const cell = el("td", {class: column.isNumber && "number"});
        cell.append(column.show(step, cell));
        return cell;
      }))));
    this.showSelection(selection.step);
  }

  sortBy(column) {
    const isSame = column == this.sorted.column;
    const isLargestFirst = column.isNumber && column.name != "#";
    this.sorted = {column, descending: isSame ? !this.sorted.descending : isLargestFirst};
    this.draw();
  }

  rowOf(step) { return this.body.querySelector(`[data-step="${step.index}"]`); }

  showSelection(step) {
    this.body.querySelector(".selected")?.classList.remove("selected");
    if (step)
      this.rowOf(step).classList.add("selected");
  }

  reveal(step) { this.rowOf(step).scrollIntoView({block: "center"}); }
  show() {}
}
