// Moving and zooming a drawing: wheel, mouse, fingers, keys.

class Viewport {
  /** `content` is moved within `frame`, both of SVG. `onMove` is called after each change. */
  constructor(frame, content, onMove) {
    Object.assign(this, {frame, content, onMove, x: 0, y: 0, scale: 1, width: 1, height: 1});
    /** How far the mouse went since it was pressed: a click does not go far. */
    this.moved = 0;
    this.addWheel();
    this.addPointers();
  }

  get frameSize() { return this.frame.getBoundingClientRect(); }

  /** The room for a drawing: above the buttons, with a margin. */
  get room() {
    const {width, height} = this.frameSize;
    return {width: Math.max(300, width - 48), height: Math.max(300, height - 90)};
  }

  setDrawing(width, height) { Object.assign(this, {width, height}); }

  apply() {
    const {width, height} = this.frameSize;
    // Something always stays in sight.
    const margin = 80;
    this.x = Math.min(width - margin, Math.max(margin - this.width * this.scale, this.x));
    this.y = Math.min(height - margin, Math.max(margin - this.height * this.scale, this.y));
    this.content.setAttribute("transform",
                              `translate(${this.x} ${this.y}) scale(${this.scale})`);
    this.onMove();
  }

  /** Shows the whole drawing. */
  fit() {
    const {width, height} = this.room;
    this.scale = Math.min(1.1, width / this.width, height / this.height);
    this.x = 24 + (width - this.width * this.scale) / 2;
    this.y = 24 + (height - this.height * this.scale) / 2;
    this.apply();
  }

  moveBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.apply();
  }

  zoomBy(factor, x = this.frameSize.width / 2, y = this.frameSize.height / 2) {
    const scale = Math.min(3, Math.max(0.03, this.scale * factor));
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.apply();
  }

  /** Brings a place of the drawing to the middle of the frame's upper `height`. */
  center(x, y, height = this.frameSize.height) {
    this.x = this.frameSize.width / 2 - x * this.scale;
    this.y = height / 2 - y * this.scale;
    this.apply();
  }

  /** True if all of the drawing is in sight. */
  showsAll() {
    const {width, height} = this.frameSize, slack = 20;
    return this.x > -slack && this.x + this.width * this.scale < width + slack &&
      this.y > -slack && this.y + this.height * this.scale < height + slack;
  }

  key(key) {
    const factor = {"+": 1.25, "=": 1.25, "-": 0.8}[key];
    if (factor)
      this.zoomBy(factor);
    else if (key == "0")
      this.fit();
  }

  localPlace(event) {
    const {left, top} = this.frameSize;
    return [event.clientX - left, event.clientY - top];
  }

  addWheel() {
    this.frame.addEventListener("wheel", event => {
      event.preventDefault();
      tooltip.hide();
      // Some browsers count lines.
      const unit = event.deltaMode ? 20 : 1, dx = unit * event.deltaX, dy = unit * event.deltaY;
      if (event.ctrlKey || event.metaKey)
        this.zoomBy(Math.exp(-0.0022 * dy), ...this.localPlace(event));
      else if (event.shiftKey)
        this.moveBy(-dx - dy, 0);
      else
        this.moveBy(-dx, -dy);
    }, {passive: false});
  }

  /** One pointer moves, two zoom. */
  addPointers() {
    const places = new Map();
    this.frame.addEventListener("pointerdown", event => {
      places.set(event.pointerId, this.localPlace(event));
      this.moved = 0;
    });
    addEventListener("pointermove", event => {
      const last = places.get(event.pointerId);
      if (!last)
        return;
      const now = this.localPlace(event), dx = now[0] - last[0], dy = now[1] - last[1];
      places.set(event.pointerId, now);
      this.moved += Math.hypot(dx, dy);
      const [other] = [...places.keys()].filter(id => id != event.pointerId);
      if (other !== undefined) {
        const fixed = places.get(other);
        const distance = ([x, y]) => Math.max(1, Math.hypot(x - fixed[0], y - fixed[1]));
        this.zoomBy(distance(now) / distance(last), ...fixed);
      } else if (this.moved > 3) {
        this.frame.classList.add("moving");
        this.moveBy(dx, dy);
      }
    });
    for (const name of ["pointerup", "pointercancel"])
      addEventListener(name, event => {
        places.delete(event.pointerId);
        this.frame.classList.remove("moving");
      });
  }
}
