"""Writes models in ONNX's textual form, as they are: `onnx_text.py MODEL.txt...` makes MODEL.onnx of each."""
import sys

import onnx.parser

for path in sys.argv[1:]:
    with open(path) as text:
        model = onnx.parser.parse_model(text.read())
    onnx.save(model, path.removesuffix(".txt") + ".onnx")
