// Folds a tall level into columns, so that a whole network is in sight at once.

const kGutter = 84;

/** Where one tensor alone leads from what is above to what is below: the tops of such layers. */
function findCuts(boxes, edges, layers) {
  return layers.slice(1).map(layer => layer.top).filter(top =>
    new Set(edges.filter(edge => boxes[edge.from].y < top && boxes[edge.to].y >= top)
      .map(edge => edge.source)).size == 1);
}

/** The cuts that come nearest to `count` columns of equal height. */
function spreadCuts(cuts, height, count) {
  const chosen = [];
  for (let i = 1; i < count; ++i) {
    const wanted = height * i / count;
    const best = cuts.filter(cut => !chosen.length || cut > chosen.at(-1))
      .reduce((a, b) => a === null || Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a, null);
    if (best !== null)
      chosen.push(best);
  }
  return chosen;
}

function columnsAt(boxes, cuts) {
  return [0, ...cuts].map((top, i) => {
    const bottom = cuts[i] ?? Infinity;
    const inside = boxes.filter(box => box.y >= top && box.y < bottom);
    const left = Math.min(...inside.map(box => box.x - box.width / 2));
    const right = Math.max(...inside.map(box => box.x + box.width / 2));
    return {top, left, width: right - left, first: inside[0],
            height: Math.max(...inside.map(box => box.y + box.height)) - top};
  });
}

/** The scale at which columns fit into a window. */
function scaleOf(columns, view) {
  const width = sum(columns, column => column.width + kGutter) - kGutter;
  return Math.min(view.width / width, view.height / largest(columns, column => column.height));
}

/** Moves boxes and edges into as many columns as show the most, or into those that begin with the
 *  boxes `firsts`. Returns the new size and what the columns begin with. */
function foldLevel(boxes, edges, size, view, firsts) {
  const cuts = findCuts(boxes, edges, size.layers), kMostColumns = 12;
  const kept = firsts?.map(first => first.y).filter(y => cuts.includes(y)).sort((a, b) => a - b);
  let columns = columnsAt(boxes, kept ?? []);
  for (let count = 2; !firsts && count <= Math.min(kMostColumns, cuts.length + 1); ++count) {
    const more = columnsAt(boxes, spreadCuts(cuts, size.height, count));
    if (scaleOf(more, view) > 1.05 * scaleOf(columns, view))
      columns = more;
  }
  let x = 0;
  for (const column of columns) {
    column.dx = x - column.left;
    x += column.width + kGutter;
    column.gutter = x - kGutter / 2;
  }
  const columnOf = y => columns.findLast(column => y >= column.top);
  for (const edge of edges) {
    const from = columnOf(boxes[edge.from].y), to = columnOf(boxes[edge.to].y);
    const move = (point, column) => ({x: point.x + column.dx, y: point.y - column.top});
    if (from == to) {
      edge.points = edge.points.map(point => move(point, from));
      continue;
    }
    const begin = move(edge.points[0], from), end = move(edge.points.at(-1), to);
    const low = from.height + 18, high = -18;
    edge.corners = [begin, {x: begin.x, y: low}, {x: from.gutter, y: low},
                    {x: from.gutter, y: high}, {x: end.x, y: high}, end];
  }
  for (const box of boxes) {
    const column = columnOf(box.y);
    box.x += column.dx;
    box.y -= column.top;
  }
  return {width: x - kGutter, height: largest(columns, column => column.height) + 18,
          firsts: columns.slice(1).map(column => column.first)};
}

/** A path along corners, which are rounded. */
function corneredPath(corners, dx = 0, dy = 0) {
  const at = (x, y) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  let path = "M" + at(corners[0].x, corners[0].y);
  for (let i = 1; i + 1 < corners.length; ++i) {
    const [a, b, c] = corners.slice(i - 1, i + 2);
    const toward = p => {
      const length = Math.hypot(p.x - b.x, p.y - b.y) || 1, radius = Math.min(12, length / 2);
      return at(b.x + (p.x - b.x) * radius / length, b.y + (p.y - b.y) * radius / length);
    };
    path += `L${toward(a)}Q${at(b.x, b.y)} ${toward(c)}`;
  }
  return path + "L" + at(corners.at(-1).x, corners.at(-1).y);
}
