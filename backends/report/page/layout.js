// Layered layout of graphs in boxes (Sugiyama et al. 1981), one box at a time from the inside out.
//
// layoutLevel places the boxes of one level:
//   1. edges that close a cycle are turned round;
//   2. a box comes one layer after the last of those that lead to it, ports of the surrounding box
//      in the first and last layer; an edge gets a point in each layer that it crosses;
//   3. the order within layers follows the mean place of neighbours, sweep by sweep; of all orders
//      that occur the one with the fewest crossings stays;
//   4. each layer in turn takes the places that make its edges straightest: least squares with the
//      order and the distances as constraints.

const kLayerGap = 30, kBoxGap = 18, kLineGap = 12;

/** boxes: [{id, width, height, port: "in" | "out" | undefined}];
 *  edges: [{from, to, fromOffset, toOffset}] by index, offsets of their ends from boxes' middles.
 *  Sets x (middle) and y (top) of boxes and points of edges; returns {width, height, layers}. */
function layoutLevel(boxes, edges) {
  if (!boxes.length)
    return {width: 0, height: 0, layers: []};
  const forward = withoutCycles(boxes.length, edges);
  const layerOf = assignLayers(boxes, forward);
  const {cells, chains} = splitLongEdges(boxes, forward, layerOf);
  const layers = [];
  for (const cell of cells)
    (layers[cell.layer] ||= []).push(cell);
  orderLayers(layers);
  placeCells(layers);
  return drawLevel(boxes, edges, cells, layers, chains);
}

function withoutCycles(count, edges) {
  const out = Array.from({length: count}, () => []);
  edges.forEach((edge, i) => out[edge.from].push(i));
  const state = new Uint8Array(count), turned = new Set();
  for (let root = 0; root < count; ++root) {
    if (state[root])
      continue;
    const path = [[root, 0]];
    state[root] = 1;
    while (path.length) {
      const top = path[path.length - 1], [node, next] = top;
      if (next == out[node].length) {
        state[node] = 2;
        path.pop();
        continue;
      }
      top[1]++;
      const edge = out[node][next], to = edges[edge].to;
      if (state[to] == 1)
        turned.add(edge);
      else if (!state[to]) {
        state[to] = 1;
        path.push([to, 0]);
      }
    }
  }
  return edges.map((edge, i) => {
    const {from, to, fromOffset, toOffset} = edge;
    return turned.has(i) ? {from: to, to: from, fromOffset: toOffset, toOffset: fromOffset}
      : {from, to, fromOffset, toOffset};
  });
}

function assignLayers(boxes, edges) {
  const count = boxes.length, layer = new Int32Array(count), waiting = new Int32Array(count);
  const out = Array.from({length: count}, () => []);
  for (const edge of edges) {
    out[edge.from].push(edge.to);
    waiting[edge.to]++;
  }
  // Ports take the first layer for themselves, so that what enters is seen to enter.
  const hasPorts = boxes.some(box => box.port == "in");
  const ready = [];
  for (let i = 0; i < count; ++i) {
    layer[i] = hasPorts && boxes[i].port != "in" ? 1 : 0;
    if (!waiting[i])
      ready.push(i);
  }
  const order = [];
  while (ready.length) {
    const node = ready.pop();
    order.push(node);
    for (const to of out[node]) {
      layer[to] = Math.max(layer[to], layer[node] + 1);
      if (!--waiting[to])
        ready.push(to);
    }
  }
  let last = 0;
  for (let i = 0; i < count; ++i)
    if (boxes[i].port != "out")
      last = Math.max(last, layer[i]);
  for (let i = 0; i < count; ++i)
    if (boxes[i].port == "out")
      layer[i] = last + 1;
  // What nothing leads to comes right before its first reader.
  const fed = new Set(edges.map(edge => edge.to));
  for (const node of order)
    if (!fed.has(node) && boxes[node].port != "in" && out[node].length)
      layer[node] = Math.max(layer[node], Math.min(...out[node].map(to => layer[to])) - 1);
  return layer;
}

function splitLongEdges(boxes, edges, layerOf) {
  const cells = boxes.map((box, i) =>
    ({box, layer: layerOf[i], width: box.width, up: [], down: []}));
  const chains = [];
  const link = (a, b, aOffset, bOffset, weight) => {
    a.down.push({cell: b, own: aOffset, other: bOffset, weight});
    b.up.push({cell: a, own: bOffset, other: aOffset, weight});
  };
  for (const edge of edges) {
    const from = cells[edge.from], to = cells[edge.to], chain = [];
    let last = from, offset = edge.fromOffset;
    for (let layer = from.layer + 1; layer < to.layer; ++layer) {
      const point = {layer, width: 0, up: [], down: []};
      cells.push(point);
      chain.push(point);
      link(last, point, offset, 0, last == from ? 2 : 8);
      last = point;
      offset = 0;
    }
    link(last, to, offset, edge.toOffset, last == from ? 1 : 2);
    chains.push(chain);
  }
  return {cells, chains};
}

function orderLayers(layers) {
  const number = () => {
    for (const layer of layers)
      layer.forEach((cell, i) => { cell.place = i; });
  };
  number();
  let best = countCrossings(layers), bestOrder = layers.map(layer => layer.slice());
  for (let sweep = 0; sweep < 24 && best; ++sweep) {
    const down = sweep % 2 == 0;
    for (let step = 1; step < layers.length; ++step) {
      const layer = layers[down ? step : layers.length - 1 - step];
      for (const cell of layer) {
        const near = down ? cell.up : cell.down;
        cell.mean = near.length
          ? near.reduce((sum, edge) => sum + edge.cell.place + edge.other * 1e-4, 0) / near.length
          : cell.place;
      }
      layer.sort((a, b) => a.mean - b.mean || a.place - b.place);
      layer.forEach((cell, i) => { cell.place = i; });
    }
    const crossings = countCrossings(layers);
    if (crossings < best) {
      best = crossings;
      bestOrder = layers.map(layer => layer.slice());
    }
  }
  bestOrder.forEach((order, i) => { layers[i].splice(0, order.length, ...order); });
  number();
}

function countCrossings(layers) {
  let crossings = 0;
  for (const layer of layers) {
    // Ends of edges so far, in the order of their begins: an earlier one that ends later crosses.
    const ends = [];
    for (const cell of layer) {
      const own = cell.down.map(edge => edge.cell.place + edge.other * 1e-4).sort((a, b) => a - b);
      for (const end of own)
        for (const earlier of ends)
          if (earlier > end)
            ++crossings;
      ends.push(...own);
    }
  }
  return crossings;
}

const gapBetween = (a, b) =>
  (a.width + b.width) / 2 + (a.width && b.width ? kBoxGap : kLineGap);

function placeCells(layers) {
  for (const layer of layers) {
    let x = 0;
    layer.forEach((cell, i) => {
      x += i ? gapBetween(layer[i - 1], cell) : 0;
      cell.x = x;
    });
    layer.forEach(cell => { cell.x -= x / 2; });
  }
  for (let sweep = 0; sweep < 30; ++sweep) {
    const down = sweep % 2 == 0;
    for (let step = 0; step < layers.length; ++step)
      // In the end both sides count.
      placeLayer(layers[down ? step : layers.length - 1 - step],
                 sweep >= 20 ? ["up", "down"] : down ? ["up"] : ["down"]);
  }
}

/** Least squares with x[i + 1] - x[i] >= gap: pool what would violate it. */
function placeLayer(layer, sides) {
  const pools = [];
  let shift = 0;
  layer.forEach((cell, i) => {
    if (i)
      shift += gapBetween(layer[i - 1], cell);
    let sum = 0, weight = 0;
    for (const side of sides)
      for (const edge of cell[side]) {
        sum += edge.weight * (edge.cell.x + edge.other - edge.own);
        weight += edge.weight;
      }
    if (!weight) {
      weight = 1e-3;
      sum = weight * cell.x;
    }
    pools.push({sum: sum - weight * shift, weight, cells: [{cell, shift}]});
    while (pools.length > 1) {
      const b = pools[pools.length - 1], a = pools[pools.length - 2];
      if (a.sum / a.weight <= b.sum / b.weight)
        break;
      pools.pop();
      a.sum += b.sum;
      a.weight += b.weight;
      a.cells.push(...b.cells);
    }
  });
  for (const pool of pools)
    for (const {cell, shift} of pool.cells)
      cell.x = pool.sum / pool.weight + shift;
}

function drawLevel(boxes, edges, cells, layers, chains) {
  let left = Infinity, right = -Infinity;
  for (const cell of cells) {
    left = Math.min(left, cell.x - cell.width / 2);
    right = Math.max(right, cell.x + cell.width / 2);
  }
  let y = 0;
  const tops = layers.map((layer, i) => {
    const top = y, height = Math.max(...layer.map(cell => cell.box ? cell.box.height : 0));
    const isPort = cell => cell.box && cell.box.port;
    // Ports have a line of their own, on the border.
    y += height + (layer.some(isPort) || layers[i + 1]?.some(isPort) ? kLayerGap / 2 : kLayerGap);
    return {top, height};
  });
  const height = tops[tops.length - 1].top + tops[tops.length - 1].height;
  for (const cell of cells) {
    cell.x -= left;
    if (cell.box) {
      cell.box.x = cell.x;
      cell.box.y = tops[cell.layer].top;
      cell.box.bottom = tops[cell.layer].top + tops[cell.layer].height;
    }
  }
  edges.forEach((edge, i) => {
    const from = boxes[edge.from], to = boxes[edge.to];
    const turned = from.y > to.y, upper = turned ? to : from;
    const middle = chains[i].map(point => {
      const {top, height} = tops[point.layer];
      return {x: point.x, top, bottom: top + height};
    });
    if (turned)
      middle.reverse();
    // Past all of its layer before it turns aside: higher boxes may stand there.
    const leave = {x: upper.x + (turned ? edge.toOffset : edge.fromOffset), y: upper.bottom};
    edge.points = [{x: from.x + edge.fromOffset, y: turned ? from.y : from.y + from.height}];
    if (!turned)
      edge.points.push(leave);
    for (const {x, top, bottom} of middle) {
      edge.points.push({x, y: turned ? bottom : top});
      if (bottom > top)
        edge.points.push({x, y: turned ? top : bottom});
    }
    if (turned)
      edge.points.push(leave);
    edge.points.push({x: to.x + edge.toOffset, y: turned ? to.y + to.height : to.y});
  });
  return {width: right - left, height, layers: tops};
}

/** A path through points, vertical at each of them. */
function smoothPath(points, dx = 0, dy = 0) {
  const at = p => `${(p.x + dx).toFixed(1)} ${(p.y + dy).toFixed(1)}`;
  let path = "M" + at(points[0]);
  for (let i = 1; i < points.length; ++i) {
    const a = points[i - 1], b = points[i];
    if (Math.abs(a.x - b.x) < 0.5) {
      path += "L" + at(b);
      continue;
    }
    const middle = (a.y + b.y) / 2;
    path += `C${at({x: a.x, y: middle})} ${at({x: b.x, y: middle})} ${at(b)}`;
  }
  return path;
}
