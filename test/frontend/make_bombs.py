"""Writes model files that expand to far more than they say into the folder given."""
import os
import sys

HEAD = "input: {shape: [1, 4, 4]}\n"
FILES = {
    "recursion": HEAD + "modules:\n  a: {layers: [b: x]}\n  b: {layers: [a: y]}\nlayers: [a]\n",
    "repeats": HEAD + "layers: [repeat: {count: 9999, layers: [repeat: {count: 9999, layers: []}]}]\n",
    "cycle": HEAD + "layers: &x [*x]\n",
    "nesting": HEAD + "layers: " + "[" * 100000,
    "parentheses": HEAD + 'layers: [linear: "${' + "(" * 10000 + '}"]\n',
    "parameters": "input: {shape: [3, 4, 4]}\nlayers:\n"
                  "  - conv: {name: a, out: 1000000, kernel: 1000000}\n",
    "map": HEAD + "layers:\n  - conv: {name: a, out: 1, kernel: 1, pad: 1000000}\n",
    "extends": "extends: extends.yaml\n",
    "long": "#" * (1 << 20) + "\n",
}


def aliases(depth=40):
    """Each list holds the one before twice."""
    layers = "&x0 [relu]"
    for i in range(1, depth):
        layers = f"&x{i} [group: {layers}, group: *x{i - 1}]"
    return HEAD + f"layers: {layers}\n"


def strings(depth=40):
    """Each module doubles its argument for the next."""
    text = HEAD + "modules:\n  m0: {args: [x], layers: [relu]}\n"
    for i in range(1, depth):
        text += f'  m{i}: {{args: [x], layers: [m{i - 1}: {{x: "$x$x"}}]}}\n'
    return text + f"layers: [m{depth - 1}: {{x: abcd}}]\n"


os.makedirs(sys.argv[1], exist_ok=True)
FILES.update(aliases=aliases(), strings=strings())
for name, text in FILES.items():
    with open(os.path.join(sys.argv[1], name + ".yaml"), "w") as file:
        file.write(text)
