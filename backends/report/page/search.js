// The search for layers.

class Search {
  constructor() {
    this.input = byId("search");
    this.list = byId("matches");
    this.matches = [];
    this.chosen = 0;
    this.input.addEventListener("input", () => this.update());
    this.input.addEventListener("focus", () => this.update());
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("keydown", event => this.key(event));
    // Before the input loses its focus.
    this.list.addEventListener("pointerdown", event => {
      event.preventDefault();
      const step = stepAt(event.target);
      if (step)
        this.open(step);
    });
  }

  /** Every word must occur in the name or in what the step computes. */
  find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(word => word);
    return !words.length ? [] : steps.filter(step => {
      const all = [...step.layers, step.work, step.algorithm, formatShape(step.shape)].join(" ");
      return words.every(word => all.toLowerCase().includes(word));
    });
  }

  update() {
    const kMost = 50, found = this.find(this.input.value), isOpen = !!this.input.value.trim();
    this.matches = found.slice(0, kMost);
    this.chosen = Math.min(this.chosen, Math.max(0, this.matches.length - 1));
    replaceChildren(this.list,
      this.matches.map((step, i) =>
        el("li", {role: "option", "data-step": step.index, style: `--color: ${step.color}`,
                  "aria-selected": String(i == this.chosen)},
           el("b", {}, step.layer || step.work), " ",
           el("span", {class: "muted"}, `${step.work} ${step.algorithm}`))),
      !found.length && el("li", {class: "muted"}, "No layer has that in its name"),
      found.length > kMost && el("li", {class: "muted"}, `and ${found.length - kMost} more`));
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
    this.list.querySelector("[aria-selected=true]")?.scrollIntoView({block: "nearest"});
  }

  key(event) {
    event.stopPropagation();
    const move = {ArrowDown: 1, ArrowUp: -1}[event.key], count = this.matches.length;
    if (move && count) {
      event.preventDefault();
      this.chosen = (this.chosen + move + count) % count;
      this.update();
    } else if (event.key == "Enter" && count) {
      this.open(this.matches[this.chosen]);
    } else if (event.key == "Escape") {
      this.input.value = "";
      this.input.blur();
    } else {
      this.chosen = 0;
    }
  }

  open(step) {
    this.input.blur();
    openView(current.reveal ? current : views[0], step);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}
