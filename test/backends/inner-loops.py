"""Checks the inner loops of convolution kernels in assembly (standard input).

    incc MODEL --emit asm | inner-loops.py LANES MAX_SPILLS [MCPU LEAST]

An inner loop is a run of instructions from a label to a jump back to it that multiplies. In every one, all
arithmetic must be on vectors of LANES floats. In those that accumulate (and store nothing: others are Winograd's
transforms), at most MAX_SPILLS instructions may touch vectors on the stack. With MCPU, by llvm-mca's model of that
CPU, those reach at least LEAST percent of the multiply-adds that it can start in their time.
"""
import collections
import json
import re
import subprocess
import sys

# What instructions look like: `vector` says how one of LANES floats is written.
Dialect = collections.namedtuple("Dialect", "jump product vector scalar on_stack store")
X86 = Dialect(jump=r"\s+j\w+\s+(\.LBB\w+)", product=r"\bvfn?madd\w+ps|\bv?mulps",
              vector={4: "xmm", 8: "ymm", 16: "zmm"}, scalar=r"\bvf\w+ss\b|\bv?mulss\b|\bv?addss\b",
              on_stack=r"\(%rsp.*[xyz]mm|[xyz]mm.*\(%rsp",
              store=r"mov\w+\s+%[xyz]mm\d+, (?!.*\(%rsp).*\(")
AARCH64 = Dialect(jump=r"\s+(?:b\.\w+|cbn?z\s+\w+,|tbn?z\s+\w+, #\d+,|b)\s+(\.LBB\w+)",
                  product=r"\bfml[as]\s|\bfmul\s", vector={4: r"v\d+\.4s"},
                  scalar=r"\bf(madd|mul|add|sub|mla)\s+s\d", on_stack=r"\b(ld|st)u?[rp]\s+[qds]\d.*\[sp",
                  store=r"\bstu?[rp]\s+q(?!.*\[sp)")


def inner_loops(lines, dialect):
    """Yields (kernel, instructions) of the loops that contain no other."""
    kernel, start, label = None, None, None
    for number, line in enumerate(lines):
        if match := re.match(r"(k\d+_\w+):", line):
            kernel, start = match[1], None
        elif match := re.match(r"(\.LBB\w+):", line):
            label, start = match[1], number
        elif start is not None and (match := re.match(dialect.jump, line)):
            if match[1] == label:
                yield kernel, [i for i in lines[start + 1:number + 1] if not i.strip().startswith(".")]
            start = None


def throughputs(loops, mcpu, product):
    """Of each loop, the share of the multiply-adds that the CPU could start in its time."""
    regions = "".join(f"# LLVM-MCA-BEGIN {i}\n" + "\n".join(body) + f"\n# LLVM-MCA-END {i}\n"
                      for i, body in enumerate(loops))
    done = subprocess.run(["llvm-mca", "-mtriple=aarch64-linux-gnu", f"-mcpu={mcpu}", "-json",
                           "-iterations=100"], input=regions, capture_output=True, text=True, check=True)
    shares = {}
    for region in json.loads(done.stdout)["CodeRegions"]:
        if not region["Name"]:
            continue
        summary = region["SummaryView"]
        busy = sum(info["RThroughput"] for text, info in
                   zip(region["Instructions"], region["InstructionInfoView"]["InstructionList"])
                   if re.search(product, text))
        shares[int(region["Name"])] = busy * summary["Iterations"] / summary["TotalCycles"]
    return [shares[i] for i in range(len(loops))]


def main():
    lanes, max_spills = int(sys.argv[1]), int(sys.argv[2])
    mcpu, least = sys.argv[3:] if len(sys.argv) > 3 else (None, 0)
    lines = sys.stdin.read().splitlines()
    dialect = AARCH64 if any("fmla" in line for line in lines) else X86
    loops = multiplies = 0
    failed = False
    hot = {}  # loops that accumulate, by what they are but for the names of registers
    for kernel, body in inner_loops(lines, dialect):
        if not kernel or "conv2d" not in kernel:
            continue
        products = [i for i in body if re.search(dialect.product, i)]
        if not products:
            continue
        loops += 1
        multiplies += len(products)
        narrow = [i for i in products if not re.search(dialect.vector[lanes], i)]
        scalar = [i for i in body if re.search(dialect.scalar, i)]
        stores = any(re.search(dialect.store, i) for i in body)
        spills = [] if stores else [i for i in body if re.search(dialect.on_stack, i)]
        if not stores:
            hot[tuple(re.sub(r"\b[vxwq]\d+", "", i) for i in body)] = (kernel, body)
        if narrow or scalar or len(spills) > max_spills:
            failed = True
            print(f"{kernel}: {len(products)} products, {len(narrow)} narrow, {len(scalar)} scalar, "
                  f"{len(spills)} spills")
    print(f"{loops} inner loops, {multiplies} products")
    if mcpu:
        shares = [100 * share for share in
                  throughputs([body for _, body in hot.values()], mcpu, dialect.product)]
        for (kernel, body), share in zip(hot.values(), shares):
            if share < float(least):
                failed = True
                print(f"{kernel}: {share:.0f}% of {mcpu}'s multiply-adds:\n" + "\n".join(body))
        print(f"{len(shares)} kinds of loops at {min(shares):.0f} to {max(shares):.0f}% of {mcpu}'s "
              "multiply-adds")
    return 1 if failed or not loops else 0


if __name__ == "__main__":
    sys.exit(main())
