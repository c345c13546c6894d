// The selected step, which all views share, and the tooltip.

const selection = {
  step: null,
  listeners: [],
  set(step) {
    if (step === this.step)
      return;
    this.step = step;
    for (const listener of this.listeners)
      listener(step);
  },
};

/** The step that an element belongs to, or null. */
const stepAt = target => steps[target.closest("[data-step]")?.dataset.step] ?? null;

const tooltip = {
  show(event, title, rows) {
    const filled = rows.filter(([, value]) => value !== "" && value !== "-");
    const box = replaceChildren(byId("tooltip"), el("b", {}, title), definitions(filled));
    box.hidden = false;
    const {width, height} = box.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, innerWidth - width - 8), below = event.clientY + 18;
    const y = below + height > innerHeight ? event.clientY - height - 12 : below;
    box.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
  },
  hide() { byId("tooltip").hidden = true; },
};

/** Shows what `find` gives for the element under the pointer: {title, rows}, or null. */
function addTooltips(element, find) {
  element.addEventListener("pointermove", event => {
    const found = event.pointerType != "touch" && find(event.target);
    if (found)
      tooltip.show(event, found.title, found.rows);
    else
      tooltip.hide();
  });
  element.addEventListener("pointerleave", () => tooltip.hide());
}

const stepRows = step => [
  ["computes", [step.work, ...step.epilogue].join(" + ")],
  ["output", formatShape(step.shape)],
  ["algorithm", step.algorithm],
  ["tile", step.tile],
  ["tasks", String(step.tasks)],
  ["modelled", formatMs(step.modelledMs)],
  ["measured", formatMs(step.measuredMs)],
  ["of peak", step.flops && step.ms ? formatPercent(step.ofPeak) : ""],
];

function describeStepAt(target) {
  const step = stepAt(target);
  return step && {title: step.layer || step.work, rows: stepRows(step)};
}

/** How a map lies in memory. */
const layoutRows = map => [
  ["layout", map.block > 1 ? `channels in blocks of ${map.block}` : "planes"],
  ["halo", map.halo.some(side => side) ? map.halo.join(", ") : ""],
];
