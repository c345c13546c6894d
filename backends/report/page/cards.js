// What the graph draws for a step, a module, an input or a concatenation.

const kNodeWidth = 188, kNodeHeight = 58, kPillHeight = 24;

const sizeOf = item => isModule(item) || item.kind == "step"
  ? {width: kNodeWidth, height: kNodeHeight}
  : {width: Math.max(70, 7 * item.label.length + 80), height: kPillHeight};

const cardRects = () => [
  svg("rect", {class: "card", width: kNodeWidth, height: kNodeHeight, rx: 8}),
  svg("rect", {class: "stripe", y: 6, width: 4, height: kNodeHeight - 12, rx: 2}),
];

const timeText = (ms, x, y) =>
  hasTimes && svg("text", {class: "time", x, y, "text-anchor": "end"}, formatMs(ms));

function moduleTitle(module, x, y) {
  return svg("text", {class: "toggle", x, y, role: "button", tabindex: 0,
                      "data-toggle": module.path, "aria-expanded": String(module.isOpen),
                      "aria-label": `Module ${module.path}`},
             svg("tspan", {class: "sign"}, module.isOpen ? "\u25be" : "\u25b8"),
             " " + module.label);
}

/** The box of an open module, which lies below edges, and its title, which lies above them. */
function openModule(module) {
  const {left, top, width, height} = module;
  const group = (...children) =>
    svg("g", {class: "module", "data-module": module.path,
              style: `--color: ${colorOf(module.path)}`}, ...children);
  return {box: group(svg("rect", {x: left, y: top, width, height, rx: 10})),
          title: group(moduleTitle(module, left + 10, top + 17),
                       timeText(timeOf(module), left + width - 10, top + 17))};
}

function closedModule(module) {
  const share = timeOf(module) / totalMs;
  return svg("g", {class: "node closed", "data-module": module.path,
                   style: `--color: ${colorOf(module.path)}`},
             svg("rect", {class: "behind", x: 4, y: 4, width: kNodeWidth, height: kNodeHeight,
                          rx: 8}),
             cardRects(), moduleTitle(module, 12, 19),
             timeText(timeOf(module), kNodeWidth - 10, 19),
             svg("text", {class: "work", x: 12, y: 35}, plural(stepsIn(module).length, "step")),
             hasTimes && [
               svg("text", {class: "work", x: 12, y: 49}, `${formatPercent(share)} of the time`),
               svg("rect", {class: "bar", y: kNodeHeight - 3, height: 3,
                            width: kNodeWidth * share})]);
}

/** `heat` is its time beside that of the slowest step. */
function stepCard(node, heat) {
  const step = steps[node.step], others = step.others.length;
  const name = node.label + (others ? ` +${others}` : "");
  const how = [step.algorithm, ...step.epilogue.map(part => "+" + part)].join("  ").trim();
  return svg("g", {class: "node step", "data-step": step.index, "data-node": node.id,
                   tabindex: 0, role: "button", "aria-label": step.layer,
                   style: `--color: ${step.color}; --heat: ${heat.toFixed(3)}`},
             cardRects(),
             svg("text", {class: "label", x: 12, y: 19}, fitText(name, hasTimes ? 16 : 24)),
             timeText(step.ms, kNodeWidth - 10, 19),
             svg("text", {class: "work", x: 12, y: 34},
                 fitText(`${step.work}  ${formatMap(step.shape)}`, 31)),
             svg("text", {class: "algorithm " + (step.config?.algorithm ?? ""), x: 12, y: 49},
                 fitText(how, 31)),
             hasTimes && svg("rect", {class: "bar", x: 4, y: kNodeHeight - 3, height: 3, rx: 1.5,
                                      width: (kNodeWidth - 8) * heat}));
}

/** An input, an output or a concatenation, of a map of `shape`. */
function pill(node, shape) {
  return svg("g", {class: "node pill " + node.kind, "data-node": node.id,
                   style: `--color: ${colorOf(node.name)}`},
             svg("rect", {class: "card", width: node.width, height: node.height,
                          rx: node.height / 2}),
             svg("text", {x: node.width / 2, y: 16, "text-anchor": "middle"},
                 svg("tspan", {class: "label"}, node.label),
                 shape && svg("tspan", {class: "work", dx: 6}, formatMap(shape))));
}
