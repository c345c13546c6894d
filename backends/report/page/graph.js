// The network as a graph: modules are boxes that open and close, edges are tensors.

class GraphView {
  constructor() {
    this.name = "graph";
    this.title = "Graph";
    this.nodes = report.graph.nodes.map((node, id) => ({...node, id}));
    this.edges = report.graph.edges;
    this.root = buildModuleTree(this.nodes);
    this.modules = [];
    const collect = item => {
      if (!isModule(item))
        return;
      if (item.parent)
        this.modules.push(item);
      item.items.forEach(collect);
    };
    collect(this.root);
    // Thousands of boxes would be slow, and nobody could read them.
    if (this.nodes.length > 600)
      for (const module of this.modules)
        module.isOpen = !!module.parent.parent;
    this.slowestMs = largest(steps, step => step.ms) || 1;
  }

  build() {
    const arrow = {id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9,
                   markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto"};
    this.content = svg("g");
    this.svg = svg("svg", {class: "graph", tabindex: 0, role: "group",
                           "aria-label": "The network's graph"},
                   svg("defs", {}, svg("marker", arrow, svg("path", {class: "arrow",
                                                                     d: "M0 0.5L8 4L0 7.5z"}))),
                   this.content);
    this.viewport = new Viewport(this.svg, this.content, () => this.moved());
    this.minimap = new Minimap(this.viewport);
    this.element = el("section", {class: "view graph-view"}, this.svg, this.minimap.element,
      el("div", {class: "tools"},
         button("+", "Zoom in (+)", () => this.viewport.key("+")),
         button("\u2212", "Zoom out (\u2212)", () => this.viewport.key("-")),
         button("Fit", "Show everything (0)", () => this.viewport.fit()),
         this.modules.length && [
           button("Open all", "Open all modules", () => this.openAll(true)),
           button("Close all", "Close all modules", () => this.openAll(false))]),
      el("p", {class: "hint"}, "Scroll to move, Ctrl and scroll to zoom. A click on a module's " +
         "title opens or closes it."));
    this.addInput();
    selection.listeners.push(step => this.showSelection(step));
    return this.element;
  }

  //--- Drawing --------------------------------------------------------------//

  draw() {
    layOutModule(this.root, sortEdges(this.root, this.nodes, this.edges), (boxes, edges, size) => {
      const folded = foldLevel(boxes, edges, size, this.viewport.room, this.columnFirsts);
      this.columnFirsts = folded.firsts;
      return folded;
    });
    const layers = {boxes: svg("g"), lines: svg("g"), cards: svg("g")};
    /** What is drawn of each item that is no open module. */
    this.cards = new Map();
    this.drawModule(this.root, 0, 0, layers);
    replaceChildren(this.content, layers.boxes, layers.lines, layers.cards);
    this.viewport.setDrawing(this.root.width, this.root.height);
    this.minimap.draw([...this.cards.keys()], this.root);
    this.showSelection(selection.step);
  }

  drawModule(module, left, top, layers) {
    for (const item of module.items) {
      item.left = left + item.x - item.width / 2;
      item.top = top + module.dy + item.y;
      if (isModule(item) && item.isOpen) {
        const {box, title} = openModule(item);
        layers.boxes.append(box);
        layers.cards.append(title);
        this.drawModule(item, item.left, item.top, layers);
        continue;
      }
      const card = this.drawCard(item);
      card.setAttribute("transform", `translate(${item.left.toFixed(1)} ${item.top.toFixed(1)})`);
      this.cards.set(item, card);
      layers.cards.append(card);
    }
    for (const edge of module.edges) {
      const [, to] = edge.ends, goesOn = to.port || (isModule(to) && to.isOpen);
      layers.lines.append(svg("path", {
        class: "edge", d: edgePath(edge, module, left, top), "data-source": edge.source,
        "data-map": edge.map, "marker-end": goesOn ? null : "url(#arrow)"}));
    }
  }

  drawCard(item) {
    if (isModule(item))
      return closedModule(item);
    if (item.kind == "step")
      return stepCard(item, (steps[item.step].ms ?? 0) / this.slowestMs);
    const edge = this.edges.find(({from, to}) => from == item.id || to == item.id);
    const number = item.kind == "concat" ? rootOf(edge.map) : edge?.map;
    return pill(item, maps[number]?.shape);
  }

  moved() {
    this.svg.classList.toggle("far", this.viewport.scale < 0.45);
    this.minimap.update();
  }

  //--- Input ----------------------------------------------------------------//

  addInput() {
    addTooltips(this.svg, target => describeStepAt(target) ?? this.describeEdge(target) ??
      this.describeModule(target));
    this.svg.addEventListener("click", event => {
      if (this.viewport.moved <= 3)
        this.activate(event.target);
    });
    this.svg.addEventListener("keydown", event => {
      if (event.key != "Enter" && event.key != " ")
        return;
      event.preventDefault();
      this.activate(event.target);
    });
    this.svg.addEventListener("pointerover", event => this.highlight(event.target));
    this.svg.addEventListener("pointerleave", () => this.highlight(null));
  }

  activate(target) {
    const title = target.closest("[data-toggle]"), closed = target.closest(".closed");
    if (title || closed)
      this.toggle(title?.dataset.toggle ?? closed.dataset.module);
    else
      selection.set(stepAt(target));
  }

  key(key) { this.viewport.key(key); }

  toggle(path) {
    const module = this.modules.find(module => module.path == path);
    const {left, top} = module, {scale} = this.viewport;
    module.isOpen = !module.isOpen;
    this.draw();
    // What was clicked stays where it is.
    this.viewport.moveBy((left - module.left) * scale, (top - module.top) * scale);
  }

  openAll(isOpen) {
    for (const module of this.modules)
      module.isOpen = isOpen;
    this.columnFirsts = null;
    this.draw();
    this.viewport.fit();
  }

  /** Tensors of the node under the pointer, on their whole way through modules. */
  highlight(target) {
    const node = target?.closest("[data-node]")?.dataset.node;
    const edge = target?.closest(".edge")?.dataset.source;
    const sources = new Set([Number(node ?? edge ?? NaN)]);
    for (const {from, to} of this.edges)
      if (to == node)
        sources.add(from);
    for (const line of this.content.querySelectorAll(".edge"))
      line.classList.toggle("hot", sources.has(Number(line.dataset.source)));
  }

  describeEdge(target) {
    const edge = target.closest(".edge");
    if (!edge)
      return null;
    const map = maps[edge.dataset.map];
    return {title: this.nodes[edge.dataset.source].name,
            rows: [["tensor", formatShape(map.shape)], ...layoutRows(map)]};
  }

  describeModule(target) {
    const path = target.closest("[data-module]")?.dataset.module;
    const module = this.modules.find(module => module.path == path);
    if (!module)
      return null;
    const inside = stepsIn(module);
    return {title: path, rows: [
      ["steps", String(inside.length)],
      ["work", formatFlops(sum(inside, step => step.flops))],
      ["modelled", hasModel ? formatMs(sum(inside, step => step.modelledMs)) : ""],
      ["measured", measured ? formatMs(sum(inside, step => step.measuredMs)) : ""]]};
  }

  //--- The selected step ----------------------------------------------------//

  showSelection(step) {
    for (const [item, card] of this.cards ?? [])
      card.classList.toggle("selected", !!step && item.step === step.index);
  }

  /** Brings a step to the middle, and opens the modules that it is in. */
  reveal(step) {
    const node = this.nodes.find(node => node.step == step.index);
    const around = [];
    for (let module = node.parent; module.parent; module = module.parent)
      around.push(module);
    if (around.some(module => !module.isOpen)) {
      for (const module of around)
        module.isOpen = true;
      this.draw();
    }
    // In a narrow window the details cover the lower part.
    const {width, height, top} = this.viewport.frameSize;
    const details = byId("details").getBoundingClientRect();
    const isCovered = details.height && details.width >= width;
    this.viewport.scale = Math.max(this.viewport.scale, 0.7);
    this.viewport.center(node.left + node.width / 2, node.top + node.height / 2,
                         isCovered ? details.top - top : height);
  }

  show() {
    if (this.cards)
      return this.viewport.apply();
    this.draw();
    this.viewport.fit();
  }
}
