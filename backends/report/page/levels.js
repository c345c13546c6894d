// The graph level by level: which boxes and edges each open module has, and where they lie.

const kModuleHeader = 26, kModulePad = 14;

/** The item that is drawn for a node (itself, or the outermost closed module that it is in), after
 *  the open modules around it, the outermost first. */
function chainOf(node) {
  const chain = [node];
  for (let item = node.parent; item.parent; item = item.parent)
    chain.unshift(item);
  const closed = chain.findIndex(item => isModule(item) && !item.isOpen);
  return closed < 0 ? chain : chain.slice(0, closed + 1);
}

/** Sorts edges into the modules that draw them: {ports, edges} for each. A tensor enters or leaves
 *  a module by one port, whatever the number of its readers. */
function sortEdges(root, nodes, edges) {
  const levels = new Map();
  const levelOf = module => {
    if (!levels.has(module))
      levels.set(module, {ports: new Map(), edges: new Map()});
    return levels.get(module);
  };
  const portOf = (module, side, source) => {
    const {ports} = levelOf(module), id = `${side} ${source}`;
    if (!ports.has(id))
      ports.set(id, {port: side, id, width: 0, height: 0});
    return ports.get(id);
  };
  const connect = (module, from, to, {from: source, map}) =>
    levelOf(module).edges.set(`${from.id}>${to.id}#${source}`, {ends: [from, to], source, map});
  for (const edge of edges) {
    const from = chainOf(nodes[edge.from]), to = chainOf(nodes[edge.to]);
    let common = 0;
    while (common < from.length && common < to.length && from[common] == to[common])
      ++common;
    if (common == from.length || common == to.length)
      continue; // both are in one closed module
    connect(common ? from[common - 1] : root, from[common], to[common], edge);
    for (let i = common; i + 1 < from.length; ++i)
      connect(from[i], from[i + 1], portOf(from[i], "out", edge.from), edge);
    for (let i = common; i + 1 < to.length; ++i)
      connect(to[i], portOf(to[i], "in", edge.from), to[i + 1], edge);
  }
  return levels;
}

/** Lays out a module from the inside out: sets `width`, `height`, `ports` and `edges`, and of its
 *  items the places relative to it. `fold(boxes, edges, size)` may rearrange the root. */
function layOutModule(module, levels, fold) {
  const level = levels.get(module) ?? {ports: new Map(), edges: new Map()};
  for (const item of module.items)
    if (isModule(item) && item.isOpen)
      layOutModule(item, levels);
    else
      Object.assign(item, sizeOf(item), {ports: null});

  const ports = [...level.ports.values()], boxes = [...module.items, ...ports];
  const indices = new Map(boxes.map((box, i) => [box, i]));
  const edges = [...level.edges.values()];
  // Where an edge meets a box, from its middle.
  const offsetOf = (box, side, source) =>
    box.ports ? box.ports.get(`${side} ${source}`).x - box.width / 2 : 0;
  for (const edge of edges) {
    const [from, to] = edge.ends;
    Object.assign(edge, {from: indices.get(from), to: indices.get(to),
                         fromOffset: offsetOf(from, "out", edge.source),
                         toOffset: offsetOf(to, "in", edge.source)});
  }
  let size = layoutLevel(boxes, edges);
  if (fold)
    size = fold(boxes, edges, size);

  const isRoot = !module.parent, pad = isRoot ? 0 : kModulePad;
  // The title lies beside the edge that enters in the middle.
  const least = isRoot ? 0 : Math.max(kNodeWidth + 2 * pad, 15 * module.label.length + 70);
  const dx = pad + Math.max(0, least - size.width - 2 * pad) / 2, dy = isRoot ? 0 : kModuleHeader;
  const hasOutputs = ports.some(port => port.port == "out");
  Object.assign(module, {dx, dy, edges, ports: level.ports, width: size.width + 2 * dx,
                         height: size.height + dy + (hasOutputs ? 0 : pad)});
  for (const box of boxes)
    box.x += dx;
  // So that modules in a row stand in a row.
  for (const side of ["in", "out"]) {
    const alike = ports.filter(port => port.port == side);
    if (alike.length == 1)
      alike[0].x = module.width / 2;
  }
}

/** The path of an edge in a module whose corner is at `left`, `top`. */
function edgePath(edge, module, left, top) {
  if (edge.corners)
    return corneredPath(edge.corners, left, top);
  const points = edge.points.map(({x, y}) => ({x: x + module.dx, y: y + module.dy}));
  // Ports lie on the borders of their module.
  const [from, to] = edge.ends;
  if (from.port) {
    points[0] = {x: from.x, y: 0};
    points[1].x = from.x;
  }
  if (to.port)
    points[points.length - 1] = {x: to.x, y: module.height};
  return smoothPath(points, left, top);
}
