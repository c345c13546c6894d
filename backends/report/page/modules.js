// The graph's nodes in the tree of modules that their dotted names make.

/** A module: {label, path, items, parent, isOpen, id}. The root has no parent; items are modules
 *  and nodes, in the order in which they run. */
function buildModuleTree(nodes) {
  const root = {name: "", path: "", children: new Map(), nodes: []};
  for (const node of nodes) {
    const path = namesOf(node);
    node.label = path.pop();
    let group = root;
    for (const name of path) {
      const groupPath = group.path ? `${group.path}.${name}` : name;
      if (!group.children.has(name))
        group.children.set(name, {name, path: groupPath, children: new Map(), nodes: []});
      group = group.children.get(name);
    }
    group.nodes.push(node);
  }
  return finishModule(root, true);
}

/** The modules that a node is in, the outermost first, and what it is called there. */
function namesOf(node) {
  if (node.kind == "input" || node.kind == "output")
    return [node.name];
  const module = moduleOf(node.name), rest = node.name.slice(module.length + 1);
  const path = [module, ...(rest ? rest.split(".") : [])];
  if (node.kind == "concat" && path.at(-1) != "concat")
    path.push("concat");
  else if (node.kind == "step" && steps[node.step].kind == "to_layout")
    path.splice(-1, 1, "layout");
  return path;
}

const isModule = item => !!item.items;
const stepsIn = item => isModule(item) ? item.items.flatMap(stepsIn)
  : item.kind == "step" ? [steps[item.step]] : [];
const timeOf = item => sum(stepsIn(item), step => step.ms);

/** A module of one thing is that thing. */
function finishModule(group, isRoot = false) {
  const items = [...group.nodes, ...[...group.children.values()].map(child => finishModule(child))];
  if (!isRoot && items.length == 1) {
    // "branch1x1.conv" is "branch1x1": what it computes stands below.
    const [only] = items, isEnough = !isModule(only) && isGeneric(only.label);
    only.label = isEnough ? group.name : `${group.name}.${only.label}`;
    return only;
  }
  const orderOf = item => isModule(item) ? item.order : item.id;
  items.sort((a, b) => orderOf(a) - orderOf(b));
  const module = {label: group.name, path: group.path, id: "module " + group.path, items,
                  order: items.length ? orderOf(items[0]) : 0, isOpen: true};
  for (const item of items) {
    item.parent = module;
    // A bare number says too little.
    if (/^\d+$/.test(item.label) && !isRoot)
      item.label = `${module.label}.${item.label}`;
  }
  return module;
}
