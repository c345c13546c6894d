// The arena: which bytes each buffer has, and for how long.

const kMemoryLeft = 76, kMemoryRight = 14, kMemoryTop = 14, kMemoryBottom = 40;
/** Buffers begin at cache lines. */
const kLineBytes = 64;

class MemoryView {
  constructor() {
    this.name = "memory";
    this.title = "Memory";
    this.buffers = maps.map((map, number) => ({...map, number})).filter(map => "bytes" in map);
    this.live = new Array(numStages).fill(0);
    for (const {bytes, first_stage: first, last_stage: last} of this.buffers)
      for (let stage = first; stage <= last; ++stage)
        this.live[stage] += Math.ceil(bytes / kLineBytes) * kLineBytes;
  }

  static hasData() { return maps.some(map => "bytes" in map); }

  build() {
    this.svg = svg("svg", {class: "memory"});
    this.element = el("section", {class: "view memory-view"},
      el("p", {class: "lead"}, this.summary()), this.svg,
      el("p", {class: "hint"}, "Across: stages. Up: bytes from the arena's begin. The line is " +
         "the sum of what is live."));
    addTooltips(this.svg, target => this.describe(target));
    this.svg.addEventListener("click", event => {
      const number = event.target.closest("[data-buffer]")?.dataset.buffer;
      const writes = step => step.outputs.some(output => rootOf(output) == number);
      selection.set(steps.find(writes) ?? null);
    });
    selection.listeners.push(step => this.showSelection(step));
    addEventListener("resize", () => this.draw());
    return this.element;
  }

  summary() {
    const {arena_bytes: peak, live_bytes: bound, weights_bytes: weights,
           scratch_bytes: scratch} = report.memory;
    const all = sum(this.buffers, buffer => buffer.bytes);
    return `${plural(this.buffers.length, "buffer")} of ${formatBytes(all)} together lie in an ` +
      `arena of ${formatBytes(peak)}; no plan can be smaller` +
      (peak == bound ? ". " : ` than ${formatBytes(bound)}. `) +
      `Beside it: ${formatBytes(weights)} of weights` +
      (scratch ? `, ${formatBytes(scratch)} for each thread to work in.` : ".");
  }

  describe(target) {
    const buffer = maps[target.closest("[data-buffer]")?.dataset.buffer];
    return buffer && {title: buffer.name, rows: [
      ["shape", formatShape(buffer.shape)],
      ["bytes", formatBytes(buffer.bytes)],
      ["from", buffer.offset.toLocaleString("en-US")],
      ["to", (buffer.offset + buffer.bytes).toLocaleString("en-US")],
      ["lives in stages", `${buffer.first_stage + 1} to ${buffer.last_stage + 1}`],
      ...layoutRows(buffer)]};
  }

  //--- Drawing --------------------------------------------------------------//

  draw() {
    const width = this.svg.clientWidth, height = this.svg.clientHeight;
    if (!width || !height)
      return;
    const {arena_bytes: peak, live_bytes: bound} = report.memory;
    this.right = width - kMemoryRight;
    this.ground = height - kMemoryBottom;
    this.top = peak * 1.04 || 1;
    this.x = stage => kMemoryLeft + stage / numStages * (this.right - kMemoryLeft);
    this.y = bytes => this.ground - bytes / this.top * (this.ground - kMemoryTop);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const peakText = peak == bound ? "peak and lower bound" : "peak";
    replaceChildren(this.svg, this.axis(), this.moduleAxis(),
      svg("g", {class: "buffers"}, this.buffers.map(buffer => this.drawBuffer(buffer))),
      this.profile(),
      this.limit(peak, "peak", `${peakText} ${formatBytes(peak)}`, peak == bound ? 14 : -5),
      peak != bound && this.limit(bound, "bound", `lower bound ${formatBytes(bound)}`, 14));
    this.showSelection(selection.step);
  }

  limit(bytes, kind, text, dy) {
    const y = this.y(bytes);
    return svg("g", {class: "limit " + kind},
               svg("line", {x1: kMemoryLeft, x2: this.right, y1: y, y2: y}),
               svg("text", {x: this.right - 4, y: y + dy, "text-anchor": "end"}, text));
  }

  axis() {
    const unit = this.top > 4 << 20 ? 1 << 20 : 1 << 10;
    const step = niceStep(this.top / unit, 8) * unit, ticks = [];
    for (let bytes = 0; bytes <= this.top; bytes += step) {
      const y = this.y(bytes);
      ticks.push(svg("line", {x1: kMemoryLeft, x2: this.right, y1: y, y2: y}),
                 svg("text", {x: kMemoryLeft - 8, y: y + 4, "text-anchor": "end"},
                     formatBytes(bytes)));
    }
    return svg("g", {class: "axis"}, ticks);
  }

  /** Modules below, with names where there is room. */
  moduleAxis() {
    const moduleAt = [], parts = [];
    for (const step of steps)
      moduleAt[step.stage] ??= step.module;
    let free = -Infinity;
    for (let begin = 0, end; begin < numStages; begin = end) {
      const name = moduleAt[begin];
      for (end = begin; end < numStages && moduleAt[end] == name;)
        ++end;
      const left = this.x(begin), right = this.x(end), middle = (left + right) / 2;
      parts.push(svg("rect", {x: left, y: this.ground + 6, height: 6, rx: 2,
                              width: Math.max(1, right - left - 1),
                              style: `fill: ${colorOf(name)}`}));
      const half = 3.2 * name.length;
      if (right - left < 12 || middle - half < free)
        continue;
      parts.push(svg("text", {x: middle, y: this.ground + 28, "text-anchor": "middle"}, name));
      free = middle + half + 8;
    }
    return svg("g", {class: "axis"}, parts);
  }

  profile() {
    const points = this.live.map((bytes, stage) =>
      `${this.x(stage)} ${this.y(bytes)}L${this.x(stage + 1)} ${this.y(bytes)}`);
    return svg("path", {class: "live", d: "M" + points.join("L")});
  }

  drawBuffer({number, name, offset, bytes, first_stage: first, last_stage: last}) {
    const left = this.x(first), width = this.x(last + 1) - left;
    const top = this.y(offset + bytes), height = this.y(offset) - top;
    const characters = Math.floor((width - 8) / 6.4);
    const short = name.slice(moduleOf(name).length + 1) || name;
    const text = name.length <= characters ? name : fitText(short, characters);
    return svg("g", {"data-buffer": number, style: `--color: ${colorOf(name)}`},
               svg("rect", {x: left + 0.5, y: top + 0.5, width: Math.max(1, width - 1),
                            height: Math.max(1, height - 1), rx: Math.min(3, height / 3)}),
               width > 60 && height > 15 &&
                 svg("text", {x: left + 6, y: top + Math.min(16, height / 2 + 4)}, text));
  }

  /** The selected step's outputs stand out, and less so its inputs. */
  showSelection(step) {
    const writes = new Set(step?.outputs.map(rootOf)), reads = new Set(step?.inputs.map(rootOf));
    this.svg.classList.toggle("has-selection", !!step);
    for (const element of this.svg.querySelectorAll("[data-buffer]")) {
      const number = Number(element.dataset.buffer);
      element.classList.toggle("selected", writes.has(number));
      element.classList.toggle("read", reads.has(number));
    }
  }

  reveal() {}
  show() { this.draw(); }
}
