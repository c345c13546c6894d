"""Random networks against NumPy in float64: passes, layouts, shared memory and all."""
import numpy as np

from harness import Failures, arguments, check_network
from networks import Network
from ops import ACTIVATIONS


def random_network(seed):
    """Layers on random earlier values; the branches join in sums, products and concats."""
    net = Network(f"random_{seed}", seed)
    random = net.random

    def pick(values):
        return values[random.integers(len(values))]

    def act():
        return pick(ACTIVATIONS) if random.random() < 0.5 else None

    size = int(random.integers(6, 20))
    batch = int(random.integers(1, 4))
    maps = [net.input(batch, int(random.integers(1, 40)), size, size + int(random.integers(0, 3)))]

    def conv():
        x = pick(maps)
        k = int(pick([1, 1, 3, 3, 5]))
        stride = int(pick([1, 1, 1, 2])) if min(x.shape[2:]) >= 6 else 1
        out = int(pick([8, 16, 32, random.integers(1, 50)]))
        groups = 1
        if random.random() < 0.15:
            groups = out = x.shape[1]
        y = net.conv(x, out, (k, k), (stride, stride), (k // 2,) * 4, groups=groups,
                     bias=random.random() < 0.5)
        if random.random() < 0.5:
            y = net.batch_norm(y)
        if random.random() < 0.3:
            same = [v for v in maps if v.shape == y.shape]
            if same:
                y = net.add(y, pick(same)) if random.random() < 0.5 else net.add(pick(same), y)
        activation = act()
        return net.activation(y, *activation) if activation else y

    def siblings():
        x = pick(maps)
        ys = [net.conv(x, int(pick([16, 32, 24, 7])), (1, 1)) for _ in range(random.integers(2, 4))]
        ys = [net.activation(y, "relu") for y in ys]
        if random.random() < 0.5:
            maps.extend(ys)
        return net.concat(*ys, *([net.max_pool(x, (3, 3), (1, 1), (1, 1, 1, 1))]
                                 if random.random() < 0.5 else []))

    def pool():
        x = pick(maps)
        k = int(random.integers(2, 4))
        stride = int(pick([1, 2])) if min(x.shape[2:]) >= 4 else 1
        pad = (k // 2,) * 4 if random.random() < 0.5 else (0, 0, 0, 0)
        if min(x.shape[2:]) < k:
            pad = (k // 2,) * 4
        ceil_mode = bool(random.random() < 0.3)
        if random.random() < 0.5:
            return net.max_pool(x, (k, k), (stride, stride), pad, ceil_mode)
        y = net.avg_pool(x, (k, k), (stride, stride), pad, ceil_mode, bool(random.random() < 0.5))
        # What commute-avg-pool looks for.
        return net.conv(y, int(random.integers(1, 30)), (1, 1)) if random.random() < 0.6 else y

    def join():
        x = pick(maps)
        fitting = [v for v in maps if v.shape[2:] == x.shape[2:]]
        if random.random() < 0.3:
            same = [v for v in maps if v.shape == x.shape]
            return getattr(net, pick(["add", "mul"]))(x, pick(same), act())
        chosen = [pick(fitting) for _ in range(random.integers(1, 4))]
        if sum(v.shape[1] for v in chosen) > 150:
            return conv()
        return net.concat(*chosen)

    def excite():
        x = pick(maps)
        y = net.conv(net.global_avg_pool(x), 4, (1, 1), act=("relu",))
        return net.mul(x, net.activation(net.conv(y, x.shape[1], (1, 1)), "sigmoid"))

    def pick_indices(extent):
        """Of an axis: padding, a part in some order, or a few again and again."""
        choice = random.integers(3)
        if choice == 0:
            return [-1] * int(random.integers(0, 3)) + list(range(extent)) + [-1]
        if choice == 1:
            return random.permutation(extent)[:max(1, extent - 2)].tolist()
        return random.integers(-1, extent, size=extent + 1).tolist()

    def move():
        x = pick(maps)
        choice = random.integers(3)
        if choice == 0:
            axis = int(random.integers(1, 4))
            if x.shape[axis] < 60:
                return net.take(x, pick([0.0, 1.5]), **{"nchw"[axis]: pick_indices(x.shape[axis])})
        if choice == 1:  # a channel shuffle
            n, c, h, w = x.shape
            groups = next(g for g in (4, 3, 2, 1) if c % g == 0)
            split = net.transpose(net.reshape(x, n, groups, c // groups, h * w), 0, 2, 1, 3)
            return net.reshape(split, n, c, h, w)
        return net.transpose(x, 0, 1, 3, 2)

    def combine():
        x = pick(maps)
        shape = [extent if random.random() < 0.6 else 1 for extent in x.shape]
        y = net.constant(net.random.normal(size=shape))
        kind = pick(["add", "sub", "mul", "min", "max"])
        return net.binary(kind, x, y) if random.random() < 0.5 else net.binary(kind, y, x)

    def other():
        x = pick(maps)
        choice = random.integers(5)
        if choice == 0:
            return net.lrn(x)
        if choice == 1:
            return net.scale(x, float(random.normal()))
        if choice == 2:
            return net.dropout(x)
        if choice == 3:
            offset = int(random.integers(x.shape[1]))
            return net.slice(x, offset, int(random.integers(1, x.shape[1] - offset + 1)))
        return net.activation(net.batch_norm(x), *pick(ACTIVATIONS))

    kinds = [conv, conv, conv, conv, siblings, pool, join, join, excite, move, combine, other]
    for _ in range(int(random.integers(5, 22))):
        y = pick(kinds)()
        if np.abs(y.array).max() > 50:  # keep values of a size at which errors mean something
            y = net.scale(y, 0.02)
        maps.append(y)
    # The last value is always an output; others may be as well, even the same twice.
    net.output(maps[-1])
    for _ in range(int(random.integers(0, 3))):
        net.output(pick(maps[1:]))
    if random.random() < 0.5:
        x = pick(maps[1:])
        x = net.global_avg_pool(x) if random.random() < 0.5 else x
        x = net.flatten(x) if random.random() < 0.5 else x
        x = net.linear(x, int(random.integers(2, 100)))
        net.output(net.softmax(x) if random.random() < 0.5 else x)
    return net


if __name__ == "__main__":
    options = arguments(__doc__, first={"type": int, "default": 0},
                        count={"type": int, "default": 20}, level={"default": "2"},
                        machines={"default": ""}, backend={"default": "auto"})
    failures = Failures(1e-4)
    for seed in range(options.first, options.first + options.count):
        machines = options.machines.split(",") if options.machines else None
        check_network(random_network(seed), options.folder, failures, machines,
                      options=[f"-O{options.level}", f"--backend={options.backend}"])
    failures.finish("random networks")
