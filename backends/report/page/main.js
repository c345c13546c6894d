// The header, the keys, and which view is shown.

const views = [GraphView, TimelineView, MemoryView, LayersView, DecisionsView, FactorizationView]
  .filter(View => View.hasData?.() ?? true).map(View => new View());
let current = null;

function buildHeader() {
  const target = `for ${report.target.cpu} (${report.target.isa})`;
  byId("name").textContent = report.name;
  byId("subtitle").textContent =
    [report.model, target, plural(report.threads, "thread")].join(" \u00b7 ");
  const figure = (name, value, title) =>
    el("div", {title}, el("dt", {}, name), el("dd", {}, value));
  byId("figures").append(
    figure("steps", String(steps.length)),
    figure("work", formatFlops(sum(steps, step => step.flops))),
    figure("weights", formatBytes(report.memory.weights_bytes)),
    figure("arena", formatBytes(report.memory.arena_bytes)));
  if (hasModel)
    byId("figures").append(figure(
      "modelled", formatMs(toMs(report.timeline?.cycles ?? sum(steps, step => step.cycles))),
      `Cycles by the model, at ${formatNumber(gigahertz)} GHz`));
  if (measured)
    byId("figures").append(figure(
      "measured", formatMs(measured.total_ms),
      `On ${plural(measured.threads, "thread")}, the median of ${plural(measured.runs, "run")}`));
  byId("tabs").append(...views.map(view => {
    view.tab = el("button", {role: "tab", "aria-selected": "false", "data-view": view.name,
                             onclick: () => openView(view)}, view.title);
    return view.tab;
  }));
}

function openView(view, step = null) {
  if (!view.element)
    byId("views").append(view.build());
  for (const other of views) {
    other.tab.setAttribute("aria-selected", String(other == view));
    if (other.element)
      other.element.hidden = other != view;
  }
  current = view;
  view.show();
  if (step) {
    selection.set(step);
    view.reveal?.(step);
  }
  remember();
}

/** Shows a step in this view, or in the graph where this one has no place for it. */
const openStep = step => openView(current.reveal ? current : views[0], step);

/** The address keeps what is shown. */
function remember() {
  const step = selection.step ? `:${selection.step.index + 1}` : "";
  history.replaceState(null, "", `#${current.name}${step}`);
}

function openAddress() {
  const [name, number] = location.hash.slice(1).split(":");
  openView(views.find(view => view.name == name) ?? views[0], steps[Number(number) - 1]);
}

function handleKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey)
    return;
  const next = {j: 1, k: -1}[event.key];
  if (event.key == "/") {
    event.preventDefault();
    byId("search").select();
  } else if (event.key == "Escape") {
    selection.set(null);
  } else if (next && steps.length) {
    const from = selection.step?.index ?? (next > 0 ? -1 : steps.length);
    openStep(steps[(from + next + steps.length) % steps.length]);
  } else if (views[Number(event.key) - 1]) {
    openView(views[Number(event.key) - 1]);
  } else {
    current.key?.(event.key);
  }
}

buildHeader();
new Details();
new Search();
selection.listeners.push(() => {
  remember();
  // The details take room from the view.
  current.show();
});
addEventListener("keydown", handleKey);
addEventListener("hashchange", openAddress);
openAddress();
