// A small map of the whole graph, with the part that is in sight.

class Minimap {
  constructor(viewport) {
    this.viewport = viewport;
    this.element = svg("svg", {class: "minimap", "aria-hidden": "true"});
    const jump = event => {
      if (!event.buttons)
        return;
      const toMap = this.element.getScreenCTM().inverse();
      const {x, y} = new DOMPoint(event.clientX, event.clientY).matrixTransform(toMap);
      viewport.center(x, y);
    };
    this.element.addEventListener("pointerdown", jump);
    this.element.addEventListener("pointermove", jump);
  }

  /** Draws `items`, the warmer the more time they take. */
  draw(items, {width, height}) {
    const most = largest(items, timeOf) || 1, margin = 20;
    const [mapWidth, mapHeight] = [width + 2 * margin, height + 2 * margin];
    this.element.style.height = `${Math.min(220, 200 * mapHeight / mapWidth)}px`;
    this.element.setAttribute("viewBox", [-margin, -margin, mapWidth, mapHeight].join(" "));
    this.window = svg("rect", {class: "window"});
    replaceChildren(this.element, items.map(item => svg("rect", {
      x: item.left, y: item.top, width: item.width, height: item.height, rx: 6,
      style: `--color: ${colorOf(item.path ?? item.name)}; --heat: ${timeOf(item) / most}`,
    })), this.window);
  }

  update() {
    // Where all is in sight, a map of it is of no use.
    this.element.classList.toggle("idle", this.viewport.showsAll());
    const {x, y, scale, frameSize: {width, height}} = this.viewport;
    const place = {x: -x / scale, y: -y / scale, width: width / scale, height: height / scale};
    for (const [name, value] of Object.entries(place))
      this.window?.setAttribute(name, value);
  }
}
