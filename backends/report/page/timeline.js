// What each thread does when, by the model; below it what was measured.

const kAxisHeight = 26, kLaneLeft = 84;

/** Steps of an axis that are 1, 2 or 5 times a power of ten. */
function niceStep(range, most) {
  const rough = range / most, power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find(factor => factor * power >= rough);
}

class TimelineView {
  constructor() {
    this.name = "timeline";
    this.title = "Timeline";
    this.zoom = 1;
    const {pieces, stages, cycles} = report.timeline;
    Object.assign(this, {pieces, stages, cycles});
    this.lanes = [{name: "modules", kind: "modules", pieces: this.modulePieces()}];
    for (let thread = 0; thread < report.threads; ++thread)
      this.lanes.push({name: `thread ${thread + 1}`, kind: "thread",
                       pieces: pieces.filter(piece => piece.thread == thread)});
    if (measured)
      this.lanes.push({name: "measured", kind: "measured", pieces: this.measuredPieces()});
    this.end = largest(this.lanes.flatMap(lane => lane.pieces), piece => piece.end);
  }

  static hasData() { return report.timeline?.pieces?.length > 0; }

  modulePieces() {
    const pieces = [];
    for (const {first_step: first, begin, end} of this.stages) {
      const {module} = steps[first], last = pieces.at(-1);
      if (last?.module == module)
        last.end = end;
      else
        pieces.push({module, begin, end});
    }
    return pieces;
  }

  /** One after the other, as they were measured. */
  measuredPieces() {
    let end = 0;
    return steps.map(step => {
      const begin = end;
      end += step.measuredMs * gigahertz * 1e6;
      return {step: step.index, begin, end};
    });
  }

  build() {
    this.svg = svg("svg", {class: "timeline"});
    this.scroller = el("div", {class: "scroller"}, this.svg);
    this.element = el("section", {class: "view timeline-view"},
      el("p", {class: "lead"}, this.summary()), this.scroller,
      el("p", {class: "hint"}, "Ctrl and scroll to zoom. White space is waiting, dotted lines " +
         "are barriers."),
      this.breakdown(),
      el("div", {class: "tools"},
         button("+", "Zoom in (+)", () => this.key("+")),
         button("\u2212", "Zoom out (\u2212)", () => this.key("-")),
         button("Fit", "Show everything (0)", () => this.key("0"))));
    this.addInput();
    selection.listeners.push(step => this.showSelection(step));
    return this.element;
  }

  summary() {
    const work = sum(this.pieces, piece => piece.end - piece.begin);
    const busy = work / (this.cycles * report.threads);
    const together = this.stages.filter(stage => stage.steps > 1).length;
    return `${formatMs(toMs(this.cycles))} modelled on ${plural(report.threads, "thread")}: ` +
      `${plural(this.stages.length, "stage")}, ` +
      (together ? `${together} of them of several steps side by side, ` : "") +
      `threads busy ${(100 * busy).toFixed(1)}% of the time.` +
      (measured ? ` Measured on ${plural(measured.threads, "thread")}, step after step: ` +
                  `${formatMs(sum(measured.step_ms, ms => ms))}.` : "");
  }

  /** Time by what is computed and how. */
  breakdown() {
    const groups = new Map();
    for (const step of steps) {
      const how = step.algorithm.split(" ")[0], what = step.work.replace(/ \/.*/, "");
      const name = how ? `${what}, ${how}` : what;
      groups.set(name, [...groups.get(name) ?? [], step]);
    }
    const rows = [...groups].map(([name, members]) =>
      ({name, members, ms: sum(members, step => step.ms)})).sort((a, b) => b.ms - a.ms);
    const ofPeak = ({members, ms}) => sum(members, step => step.ofPeak * step.ms) / ms;
    return el("section", {class: "breakdown"},
      el("h2", {}, measured ? "Where the time went" : "Where the time goes"),
      el("table", {}, el("tbody", {}, rows.map(row => el("tr", {},
        el("th", {scope: "row"}, row.name),
        el("td", {class: "number muted"}, plural(row.members.length, "step")),
        el("td", {class: "number"}, formatMs(row.ms)),
        el("td", {class: "wide", style: `--share: ${100 * row.ms / rows[0].ms}%`},
           formatPercent(row.ms / totalMs)),
        el("td", {class: "muted"},
           row.members[0].flops ? formatPercent(ofPeak(row)) + " of peak" : ""))))));
  }

  //--- Drawing --------------------------------------------------------------//

  draw() {
    const outer = this.scroller.clientWidth;
    if (!outer)
      return;
    // A few threads fill the upper half of the window.
    const room = (this.element.clientHeight * 0.5 - 100) / this.lanes.length;
    this.rowHeight = Math.min(80, Math.max(34, room));
    const width = Math.max(outer, 300) * this.zoom, scale = (width - kLaneLeft - 16) / this.end;
    const height = kAxisHeight + this.lanes.length * this.rowHeight + 12;
    for (const [name, value] of Object.entries({width, height, viewBox: `0 0 ${width} ${height}`}))
      this.svg.setAttribute(name, value);
    const x = cycles => kLaneLeft + cycles * scale;
    this.names = svg("g", {class: "names"},
                     svg("rect", {y: kAxisHeight, width: kLaneLeft - 6, height}),
                     this.lanes.map((lane, i) =>
                       svg("text", {x: 8, y: this.rowTop(i + 0.5) + 4}, lane.name)));
    const areBarriersApart = scale * this.cycles / this.stages.length > 14;
    replaceChildren(this.svg, this.axis(x, width, height), areBarriersApart && this.barriers(x),
                    this.lanes.map((lane, i) => this.drawLane(lane, this.rowTop(i), x)),
                    this.names);
    this.holdNames();
    this.showSelection(selection.step);
  }

  rowTop(row) { return kAxisHeight + row * this.rowHeight; }

  /** Lanes' names stay at the left. */
  holdNames() { this.names.setAttribute("transform", `translate(${this.scroller.scrollLeft} 0)`); }

  axis(x, width, height) {
    const total = toMs(this.end), step = niceStep(total, Math.max(2, (width - kLaneLeft) / 90));
    const digits = Math.max(0, -Math.floor(Math.log10(step))), ticks = [];
    for (let i = 0; i * step <= total; ++i) {
      const at = x(i * step * gigahertz * 1e6);
      const text = (i * step).toFixed(digits) + (i ? "" : " ms");
      ticks.push(svg("line", {x1: at, x2: at, y1: kAxisHeight - 6, y2: height - 8}),
                 svg("text", {x: at, y: kAxisHeight - 11, "text-anchor": "middle"}, text));
    }
    return svg("g", {class: "axis"}, ticks);
  }

  barriers(x) {
    const y1 = this.rowTop(1) - 2, y2 = this.rowTop(1 + report.threads);
    return svg("g", {class: "barriers"}, this.stages.map(({end}) =>
      svg("line", {x1: x(end), x2: x(end), y1, y2})));
  }

  drawLane(lane, top, x) {
    const inset = lane.kind == "modules" ? 11 : 5;
    return svg("g", {class: "lane " + lane.kind}, lane.pieces.map(piece =>
      this.drawPiece(piece, x(piece.begin), x(piece.end), top + inset,
                     this.rowHeight - 2 * inset)));
  }

  drawPiece(piece, left, right, y, height) {
    const step = steps[piece.step], name = step ? step.short : piece.module;
    const width = Math.max(0.4, right - left - (step ? 0.4 : 1));
    const characters = Math.floor((width - 8) / 6.8);
    const text = step || name.length <= characters ? name : name.split(".").at(-1);
    // Neighbours of one colour must be told apart.
    const tone = step ? 52 + 18 * (step.index % 2) : 22;
    return svg("g", {"data-step": piece.step, "data-tasks": piece.tasks,
                     "data-cycles": piece.end - piece.begin,
                     style: `--color: ${colorOf(step ? step.layer : name)}; --tone: ${tone}%`},
               svg("rect", {x: left, y, width, height, rx: Math.min(3, width / 3)}),
               characters > 3 && svg("text", {x: left + 5, y: y + height / 2 + 4},
                                 fitText(text, characters)));
  }

  //--- Input ----------------------------------------------------------------//

  addInput() {
    this.scroller.addEventListener("scroll", () => this.holdNames());
    this.scroller.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey)
        return;
      event.preventDefault();
      const at = event.clientX - this.scroller.getBoundingClientRect().left;
      this.zoomTo(this.zoom * Math.exp(-0.0022 * event.deltaY), at);
    }, {passive: false});
    this.svg.addEventListener("click", event => selection.set(stepAt(event.target)));
    addTooltips(this.svg, target => this.describe(target));
    addEventListener("resize", () => this.draw());
  }

  describe(target) {
    const found = describeStepAt(target);
    if (!found)
      return null;
    const {cycles, tasks} = target.closest("[data-step]").dataset, step = stepAt(target);
    const part = tasks ? `, ${plural(Number(tasks), "task")} of ${step.tasks}` : "";
    found.rows.unshift(["here", formatMs(toMs(Number(cycles))) + part],
                       ["stage", String(step.stage + 1)]);
    return found;
  }

  zoomTo(zoom, at = this.scroller.clientWidth / 2) {
    const before = this.zoom, place = this.scroller.scrollLeft + at - kLaneLeft;
    this.zoom = Math.min(200, Math.max(1, zoom));
    this.draw();
    this.scroller.scrollLeft = place * this.zoom / before - at + kLaneLeft;
  }

  key(key) {
    const zoom = {"+": 1.6 * this.zoom, "=": 1.6 * this.zoom, "-": this.zoom / 1.6, "0": 1}[key];
    if (zoom)
      this.zoomTo(zoom);
  }

  showSelection(step) {
    this.svg.classList.toggle("has-selection", !!step);
    for (const piece of this.svg.querySelectorAll("[data-step]"))
      piece.classList.toggle("selected", !!step && Number(piece.dataset.step) == step.index);
  }

  /** Brings a step's first piece to the middle, wide enough to be seen. */
  reveal(step) {
    const {begin, end} = this.pieces.find(piece => piece.step == step.index);
    const outer = this.scroller.clientWidth;
    this.zoomTo(Math.max(this.zoom, 60 * this.end / ((end - begin) * outer)));
    const middle = (begin + end) / 2 / this.end * (this.scroller.scrollWidth - kLaneLeft);
    this.scroller.scrollLeft = middle + kLaneLeft - outer / 2;
  }

  show() { this.draw(); }
}
