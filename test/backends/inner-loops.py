"""Checks the inner loops of convolution kernels in assembly (standard input).

    incc MODEL --emit asm | inner-loops.py LANES MAX_SPILLS

An inner loop is a run of instructions from a label to a jump back to it that multiplies. In every one, all
arithmetic must be on vectors of LANES floats. In those that accumulate (and store nothing: others are Winograd's
transforms), at most MAX_SPILLS instructions may touch vectors on the stack.
"""
import re
import sys

REGISTER = {4: "xmm", 8: "ymm", 16: "zmm"}


def inner_loops(lines):
    """Yields (kernel, instructions) of the loops that contain no other."""
    kernel, start, label = None, None, None
    for number, line in enumerate(lines):
        if match := re.match(r"(k\d+_\w+):", line):
            kernel, start = match[1], None
        elif match := re.match(r"(\.LBB\w+):", line):
            label, start = match[1], number
        elif start is not None and (match := re.match(r"\s+j\w+\s+(\.LBB\w+)", line)):
            if match[1] == label:
                yield kernel, lines[start + 1:number]
            start = None


def main():
    lanes, max_spills = int(sys.argv[1]), int(sys.argv[2])
    loops = multiplies = 0
    failed = False
    for kernel, body in inner_loops(sys.stdin.read().splitlines()):
        if not kernel or "conv2d" not in kernel:
            continue
        products = [i for i in body if re.search(r"\bvfn?madd\w+ps|\bv?mulps", i)]
        if not products:
            continue
        loops += 1
        multiplies += len(products)
        narrow = [i for i in products if REGISTER[lanes] not in i]
        scalar = [i for i in body if re.search(r"\bvf\w+ss\b|\bv?mulss\b|\bv?addss\b", i)]
        on_stack = [i for i in body if "(%rsp" in i and re.search(r"[xyz]mm", i)]
        stores = any(re.search(r"mov\w+\s+%[xyz]mm\d+, (?!.*\(%rsp).*\(", i) for i in body)
        spills = [] if stores else on_stack
        if narrow or scalar or len(spills) > max_spills:
            failed = True
            print(f"{kernel}: {len(products)} products, {len(narrow)} narrow, {len(scalar)} scalar, "
                  f"{len(spills)} spills")
    print(f"{loops} inner loops, {multiplies} products")
    return 1 if failed or not loops else 0


if __name__ == "__main__":
    sys.exit(main())
