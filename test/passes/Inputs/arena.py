"""Random programs for plan-memory, and a check of the offsets it gives them.

  arena.py check PROGRAM.mlir [--optimal] [--within RATIO]
  arena.py random SEEDS BUFFERS STAGES [--optimal] [--within RATIO]

The check reads the printed IR only: it finds lives, sizes and the lower bound by itself. With
--optimal it compares the peak with the best of all orders (few buffers only).
"""

import itertools
import random
import re
import subprocess
import sys

ALIGNMENT = 64


def make(seed, num_buffers, num_stages):
    rng = random.Random(seed)
    stages = [set() for _ in range(num_stages)]
    types = []
    for buffer in range(num_buffers):
        types.append(f"<{rng.choice([1, 2])}x{rng.randint(1, 40)}x{rng.randint(1, 9)}x1, c{rng.choice([1, 8])}, "
                     f"halo [{rng.randint(0, 1)}, 0, 0, {rng.randint(0, 1)}], planes 40>")
        first = rng.randrange(num_stages)
        last = min(num_stages - 1, first + rng.choice([0, 1, 1, 2, 3, num_stages]))
        for stage in {first, last, rng.randint(first, last)}:
            stages[stage].add(buffer)
    lines = ['plan.program "random" {']
    lines += [f"  %b{i} = plan.buffer : {t}" for i, t in enumerate(types)]
    # Half of the buffers are named through a view of their first block.
    names = {}
    for i, t in enumerate(types):
        names[i] = f"%b{i}"
        channels, block = re.match(r"<\d+x(\d+)x\S+ c(\d+)", t).groups()
        if rng.random() < 0.5:
            part = re.sub(r"^<(\d+)x\d+", rf"<\1x{min(int(channels), int(block))}", t)
            lines.append(f"  %v{i} = plan.view %b{i} channel 0 : {t} -> {part}")
            names[i], types[i] = f"%v{i}", part
    for users in stages:
        users = sorted(users)
        operands = ", ".join(names[i] for i in users)
        kinds = ", ".join("!plan.map" + types[i] for i in users)
        if users:
            lines += ["  plan.stage {",
                      f'    plan.kernel "cnn.softmax"() into({operands}) params {{}} : ({kinds}) -> ()', "  }"]
    return "\n".join(lines + ["}"])


def parse(text):
    """Buffers as [bytes, first, last, offset]; the two attributes of the program."""
    declared, alias, lives, time = {}, {}, {}, 0
    for line in text.splitlines():
        if m := re.match(r"\s*(%\w+) = plan.buffer at (\d+) : <(.+)>", line):
            shape, block, halo, planes = re.match(
                r"(\S+), c(\d+), halo \[(.+)\], planes (\d+)", m[3]).groups()
            n, c, h, w = map(int, shape.split("x"))
            top, left, bottom, right = map(int, halo.split(","))
            plane = (top + h + bottom) * (left + w + right) * int(block)
            count = 4 * plane * ((n - 1) * int(planes) + -(-c // int(block)))
            declared[m[1]] = (-(-count // ALIGNMENT) * ALIGNMENT, int(m[2]))
        elif m := re.match(r"\s*(%\w+) = plan.view (%\w+)", line):
            alias[m[1]] = alias.get(m[2], m[2])
        elif "plan.stage" in line:
            time += 1
        elif "plan.kernel" in line:
            for name in re.findall(r"%\w+", line):
                name = alias.get(name, name)
                if name in declared:
                    lives.setdefault(name, [time, time])[1] = time
    attribute = lambda name: int(re.search(rf"{name} = (\d+)", text)[1])
    return ([[declared[b][0], first, last, declared[b][1]] for b, (first, last) in lives.items()],
            attribute("arena_bytes"), attribute("live_bytes"))


def best_peak(buffers):
    """The least peak of all orders of placing each buffer as low as it fits: the optimum."""
    best = float("inf")
    for order in itertools.permutations(buffers):
        placed = []
        for size, first, last, _ in order:
            offset = 0
            for low, high in sorted((o, o + s) for s, f, l, o in placed if f <= last and first <= l):
                if low - offset >= size:
                    break
                offset = max(offset, high)
            placed.append((size, first, last, offset))
        best = min(best, max(o + s for s, _, _, o in placed))
    return best


def check(text, optimal, within):
    buffers, arena, live = parse(text)
    assert buffers, "no buffers found"
    for i, (size, first, last, offset) in enumerate(buffers):
        assert offset % ALIGNMENT == 0, f"offset {offset} is not aligned"
        for size2, first2, last2, offset2 in buffers[:i]:
            assert not (first <= last2 and first2 <= last and
                        offset < offset2 + size2 and offset2 < offset + size), (
                f"[{offset}, {offset + size}) and [{offset2}, {offset2 + size2}) overlap in stages "
                f"{max(first, first2)} to {min(last, last2)}")
    peak = max(offset + size for size, _, _, offset in buffers)
    assert arena == peak, f"arena_bytes is {arena}, the highest buffer ends at {peak}"
    stages = range(1, 1 + max(last for _, _, last, _ in buffers))
    bound = max(sum(s for s, f, l, _ in buffers if f <= t <= l) for t in stages)
    assert live == bound, f"live_bytes is {live}, the largest sum is {bound}"
    assert peak <= within * bound, f"peak {peak} is {peak / bound:.3f} times the bound {bound}"
    if optimal:
        best = best_peak(buffers)
        assert peak == best, f"peak {peak}, the best is {best}"
    return peak / bound


def plan(program):
    return subprocess.run(["incc-opt", "--plan-memory", "-"], input=program, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def main(command, *arguments):
    limits = ("--optimal" in arguments,
              float(arguments[arguments.index("--within") + 1]) if "--within" in arguments else 2.0)
    if command == "check":
        print(f"{check(open(arguments[0]).read(), *limits):.3f}")
        return
    seeds, buffers, stages = map(int, arguments[:3])
    for seed in range(seeds):
        program = make(seed, buffers, stages)
        planned = plan(program)
        try:
            ratio = check(planned, *limits)
        except AssertionError as error:
            sys.exit(f"seed {seed}: {error}")
        assert plan(program) == planned, f"seed {seed}: two runs differ"
        print(f"seed {seed}: {ratio:.3f} times the bound")


if __name__ == "__main__":
    main(*sys.argv[1:])
