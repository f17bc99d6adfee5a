// A region of a mesh, a box or an ellipsoid along the axes, as lines in the picture; and what dragging does to it.
// `center` and `half` are metres; `half` are half the edges of the box, or the radii. A projection is a 4 x 4 matrix in columns.

export const AXES = [0, 1, 2];

// Pixels from the upper left corner.
export function project(matrix, [x, y, z], { width, height }) {
  const at = (row) => matrix[row] * x + matrix[row + 4] * y + matrix[row + 8] * z + matrix[row + 12];
  const w = at(3);
  return [(at(0) / w + 1) / 2 * width, (1 - at(1) / w) / 2 * height];
}

const moved = (point, axis, by) => point.map((value, at) => (at === axis ? value + by : value));

// The six faces of the box: which way, and four corners in turn. Seen from outside they run counter-clockwise.
export function faces({ center, half }) {
  return AXES.flatMap((axis) => [-1, 1].map((sign) => {
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    const turn = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
    const corners = turn.map(([a, b]) => center.map((value, at) => value + half[at] * (at === axis ? sign : at === u ? a : b)));
    return { axis, sign, corners: sign > 0 ? corners : corners.reverse() };
  }));
}

// Whether a face in the picture is turned to the one who looks; y goes down there.
export function isFront(points) {
  const area = points.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return area < 0;
}

// Three circles of the ellipsoid, one across each axis.
export function rings({ center, half }, count = 48) {
  return AXES.map((axis) => Array.from({ length: count }, (_, at) => {
    const angle = (2 * Math.PI * at) / count;
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    return center.map((value, on) => value + half[on] * (on === u ? Math.cos(angle) : on === v ? Math.sin(angle) : 0));
  }));
}

// Where a finger takes hold: the middle, and a point on each side.
export const handles = ({ center, half }) => [
  { axis: null, sign: 0, at: center },
  ...AXES.flatMap((axis) => [-1, 1].map((sign) => ({ axis, sign, at: moved(center, axis, sign * half[axis]) }))),
];

// Pixels that one metre along the axis is, at the point.
function direction(matrix, point, axis, size, step) {
  const [from, to] = [project(matrix, point, size), project(matrix, moved(point, axis, step), size)];
  return [(to[0] - from[0]) / step, (to[1] - from[1]) / step];
}

// The region after one of its handles was pulled by so many pixels. A side moves alone; the middle takes all along, in
// the two axes that lie most in the picture.
export function pulled(region, { axis, sign }, [dx, dy], matrix, size) {
  const step = Math.max(...region.half) / 100;
  if (axis !== null) {
    const [x, y] = direction(matrix, moved(region.center, axis, sign * region.half[axis]), axis, size, step);
    const by = sign * (dx * x + dy * y) / (x * x + y * y || 1);
    const half = Math.max(step, region.half[axis] + by / 2);
    return {
      center: moved(region.center, axis, sign * (half - region.half[axis])),
      half: region.half.map((value, at) => (at === axis ? half : value)),
    };
  }
  const along = AXES.map((one) => ({ one, way: direction(matrix, region.center, one, size, step) }));
  const [a, b] = along.sort((p, q) => Math.hypot(...q.way) - Math.hypot(...p.way));
  const cross = a.way[0] * b.way[1] - a.way[1] * b.way[0];
  if (Math.abs(cross) < 1e-9) return region;
  const byA = (dx * b.way[1] - dy * b.way[0]) / cross;
  const byB = (dy * a.way[0] - dx * a.way[1]) / cross;
  return { center: moved(moved(region.center, a.one, byA), b.one, byB), half: region.half };
}
