// The report, and what follows from it for each step and module.

const report = JSON.parse(byId("report").textContent);
const maps = report.memory.maps;
const measured = report.measured;

//----------------------------------------------------------------------------//
// What a step does
//----------------------------------------------------------------------------//

/** The map that a view is of, and the first of its channels there. */
const rootOf = number => maps[number].of === undefined ? number : rootOf(maps[number].of);
const channelOf = number =>
  maps[number].of === undefined ? 0 : maps[number].channel + channelOf(maps[number].of);

const kindNames = {
  conv2d: "conv", linear: "fully connected", max_pool: "max pool", avg_pool: "average pool",
  global_avg_pool: "global average pool", to_layout: "reorder", lrn: "response norm",
  mul: "multiply", "plan.pack_filter": "pack filter",
};

/** "conv 3x3 /2", "max pool 2x2 /2", ... */
function describeWork({kind, params}) {
  if (kind == "activation" && params.act)
    return params.act;
  let text = kindNames[kind] ?? kind.replaceAll("_", " ");
  if (params.kernel)
    text += " " + formatShape(params.kernel);
  const [down, across] = params.strides ?? [1, 1];
  if (down > 1 || across > 1)
    text += down == across ? ` /${down}` : ` /${down},${across}`;
  const dilation = Math.max(...(params.dilations ?? [1]));
  return dilation > 1 ? `${text} dilated ${dilation}` : text;
}

/** "Winograd 4x4", "Strassen 1 level", "direct", or "" where there is no choice. */
function describeAlgorithm({config}) {
  switch (config?.algorithm) {
  case undefined: return "";
  case "winograd": return `Winograd ${formatShape(config.outputs)}`;
  case "strassen": return `Strassen ${plural(config.levels, "level")}`;
  case "lanes": return "lane by lane";
  case "expanded": return "dense for groups";
  default: return config.algorithm;
  }
}

/** Pixels and blocks of channels that are summed in registers. */
function describeTile({config}) {
  const tile = config?.tile;
  if (tile?.length != 3)
    return tile ? formatShape(tile) : "";
  return `${tile[0]}\u00d7${tile[1]} px, ${plural(tile[2], "block")}`;
}

/** What else the step does while its results are in registers. */
function listEpilogue({kind, params, inputs}) {
  const isConv = kind == "conv2d", scales = isConv && params.scaled;
  return [scales && "scale", isConv && inputs.length > (scales ? 2 : 1) && "residual",
          kind != "activation" && params.act != "none" && params.act].filter(name => name);
}

const steps = report.steps.map((entry, index) => ({
  ...entry, index,
  work: describeWork(entry),
  algorithm: describeAlgorithm(entry),
  tile: describeTile(entry),
  epilogue: listEpilogue(entry),
  shape: maps[entry.outputs[0]].shape,
  inputShape: entry.inputs.length ? maps[entry.inputs[0]].shape : null,
  /** The parts of its name, modules first. */
  path: entry.layer.split("."),
}));
const numStages = steps.length ? steps.at(-1).stage + 1 : 0;

//----------------------------------------------------------------------------//
// Times
//----------------------------------------------------------------------------//

/** Of the machine that measured, else of a common one of its kind. */
const gigahertz = measured?.gigahertz ?? report.target.gigahertz;
const toMs = cycles => cycles / (gigahertz * 1e6);
/** Those that were measured; else those that the plan is for. */
const threads = measured ? measured.threads : report.threads;

for (const step of steps) {
  const {flops_per_cycle: flops, memory_bytes_per_cycle: bytes} = report.target;
  const computing = toMs(step.flops / (flops * threads));
  // Threads take whole tasks.
  const rounds = Math.ceil(step.tasks / threads);
  step.modelledMs =
    step.cycles === undefined ? undefined : toMs(step.cycles / step.tasks * rounds);
  step.measuredMs = measured?.step_ms[step.index];
  step.ms = step.measuredMs ?? step.modelledMs;
  step.rooflineMs = Math.max(computing, toMs(step.bytes / bytes));
  step.gflops = step.flops / (step.ms * 1e6);
  step.ofPeak = computing / step.ms;
  step.ofRoofline = step.rooflineMs / step.ms;
}

const hasModel = steps.some(step => step.cycles !== undefined);
const hasTimes = hasModel || !!measured;
const totalMs = sum(steps, step => step.ms);

//----------------------------------------------------------------------------//
// Modules: the first parts of layers' names, in the order in which they run
//----------------------------------------------------------------------------//

const modules = new Map();

/** Splits `members` by the first `depth` parts of their names, and large modules further. */
function splitModules(members, depth) {
  const groups = new Map();
  for (const step of members) {
    const end = Math.min(depth, Math.max(1, step.path.length - 1));
    const name = step.path.slice(0, end).join(".");
    groups.set(name, [...groups.get(name) ?? [], step]);
  }
  for (const [name, inside] of groups) {
    const isLarge = inside.length > Math.min(40, Math.max(8, steps.length / 3));
    if (isLarge && inside.some(step => step.path.length > depth + 1))
      splitModules(inside, depth + 1);
    else
      modules.set(name, {name, first: inside[0].index});
  }
}
splitModules(steps, 1);

/** The module that a layer, or a module within one, belongs to. */
function moduleOf(name) {
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1))
    if (modules.has(name.slice(0, end)))
      return name.slice(0, end);
  return name.split(".")[0];
}

[...modules.values()].sort((a, b) => a.first - b.first).forEach((module, i) => {
  // From blue by green and red to violet.
  const hue = (610 - 330 * (modules.size > 1 ? i / (modules.size - 1) : 0)) % 360;
  module.color = `oklch(var(--module-light) var(--module-chroma) ${hue})`;
});
const colorOf = name => modules.get(moduleOf(name))?.color ?? "var(--muted)";

/** Parts of names that say no more than what the layer computes. */
const isGeneric = name => ["conv", "fc", "linear", "conv2d"].includes(name);

for (const step of steps) {
  step.module = moduleOf(step.layer);
  step.color = colorOf(step.layer);
  const rest = step.layer.slice(step.module.length + 1).split(".");
  if (isGeneric(rest.at(-1)))
    rest.pop();
  /** Its name within the module. */
  step.short = rest.join(".") || step.module;
  /** Layers that it computes as well; those that it is a part of are none. */
  step.others = step.layers.slice(1).filter(name => !step.layer.startsWith(name + "."));
}
