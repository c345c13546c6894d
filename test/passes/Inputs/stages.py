"""Random graphs of kernels for schedule-branches, and a check of the stages it makes of them.

  stages.py GRAPHS KERNELS THREADS

The check is independent of the pass: it knows the dependences from having made them, plays the
runtime's loop (runtime/Loop.c) itself, and compares with the best of all schedules.
"""

import functools
import itertools
import random
import re
import subprocess
import sys

BARRIER, MOST_KERNELS = 50, 4
MAP = "!plan.map<1x8x1x1, c8, halo [0, 0, 0, 0], planes 1>"


def make(rng, num_kernels):
    """(tasks, cycles of a task) of each kernel; the kernels that each one reads; whether all write
    slices of one map."""
    kernels = [(rng.choice([1, 1, 2, 3, 4, 5, 7, 9]), rng.randint(1, 400)) for _ in range(num_kernels)]
    density = rng.choice([0.15, 0.3, 0.5])
    needs = [[j for j in range(i) if rng.random() < density] for i in range(num_kernels)]
    return kernels, needs, rng.random() < 0.5


def write(index, graph):
    kernels, needs, shared = graph
    whole = f"!plan.map<1x{8 * len(kernels)}x1x1, c8, halo [0, 0, 0, 0], planes {len(kernels)}>"
    part = MAP.replace("planes 1", f"planes {len(kernels)}") if shared else MAP
    lines = [f'plan.program "graph{index}" {{']
    if shared:
        lines.append(f"  %all = plan.buffer : {whole[9:]}")
    for i, ((tasks, cycles), reads) in enumerate(zip(kernels, needs)):
        if shared:
            lines.append(f"  %b{i} = plan.view %all channel {8 * i} : {whole[9:]} -> {part[9:]}")
        else:
            lines.append(f"  %b{i} = plan.buffer : {part[9:]}")
        operands = ", ".join(f"%b{j}" for j in reads)
        types = ", ".join([part] * (len(reads) + 1))
        lines += ["  plan.stage {",
                  f'    plan.kernel "k{i}"({operands}) into(%b{i}) params {{}} tasks {tasks} '
                  f"cycles {tasks * cycles}.0 : ({types}) -> ()", "  }"]
    return "\n".join(lines + ["}"])


def play(kernels, order, threads):
    """Cycles of a loop over the tasks of the kernels in this order."""
    costs = [cycles for i in order for cycles in [kernels[i][1]] * kernels[i][0]]
    parts = [costs[len(costs) * t // threads:len(costs) * (t + 1) // threads] for t in range(threads)]
    times = [0] * threads
    waiting = set(range(threads))
    while waiting:
        t = min(waiting, key=lambda thread: (times[thread], thread))
        for v in [*range(t, threads), *range(t)]:
            if parts[v]:
                half = (len(parts[v]) + 1) // 2
                if v != t:  # the rear half moves over
                    parts[t], parts[v] = parts[v][-half:], parts[v][:-half]
                    half = (half + 1) // 2
                times[t] += sum(parts[t][:half])
                parts[t] = parts[t][half:]
                break
        else:
            waiting.remove(t)
    return max(times) + (BARRIER if threads > 1 and len(costs) > 1 else 0)


def best_of_all(kernels, needs, threads):
    """Tries every sequence of stages, a stage being any independent kernels in any order."""
    cost = functools.cache(lambda order: play(kernels, order, threads))

    def best(done):
        if len(done) == len(kernels):
            return 0
        ready = [i for i in range(len(kernels)) if i not in done and done.issuperset(needs[i])]
        return min(cost(order) + best(done | set(order))
                   for count in range(1, min(len(ready), MOST_KERNELS) + 1)
                   for order in itertools.permutations(ready, count))

    return best(frozenset())


def check(graph, text, threads):
    """True if the schedule is faster than one kernel after the other."""
    kernels, needs, _ = graph
    done, total = set(), 0
    for cycles, body in re.findall(r"plan\.stage block \d+ cycles (\S+) \{\n(.*?)\n *\}", text, re.S):
        order = tuple(map(int, re.findall(r'plan\.kernel "k(\d+)"', body)))
        assert order and not done & set(order), f"ran twice: {order}"
        assert all(done.issuperset(needs[i]) for i in order), f"{order} begins too early"
        assert play(kernels, order, threads) == float(cycles), f"{order} takes {cycles}"
        done |= set(order)
        total += float(cycles)
    assert len(done) == len(kernels), f"only {sorted(done)} run"
    sequential = sum(play(kernels, (i,), threads) for i in range(len(kernels)))
    best = best_of_all(kernels, needs, threads)
    assert total == best <= sequential, f"takes {total}; the best schedule {best}"
    return total < sequential


def main():
    num_graphs, num_kernels, threads = map(int, sys.argv[1:])
    rng = random.Random(num_kernels * 1000 + threads)
    graphs = [make(rng, num_kernels) for _ in range(num_graphs)]
    text = subprocess.run(
        ["incc-opt", "-", f"--schedule-branches=threads={threads} barrier-cycles={BARRIER} sharing=0 "
         f"most-kernels={MOST_KERNELS}"], input="\n".join(write(*entry) for entry in enumerate(graphs)),
        check=True, capture_output=True, text=True).stdout
    programs = re.split(r'plan\.program "graph\d+" \{', text)[1:]
    assert len(programs) == num_graphs
    faster = 0
    for index, (graph, program) in enumerate(zip(graphs, programs)):
        try:
            faster += check(graph, program, threads)
        except AssertionError as error:
            sys.exit(f"graph {index}: {error}\n{write(index, graph)}\nbecame{program}")
    print(f"{num_graphs} schedules of {num_kernels} kernels on {threads} threads are the best, "
          f"{faster} of them faster than one kernel after the other")


main()
