"""Make the small ONNX files of this directory: models that load and are no use for sentences.

usage: make.py      (pip install onnx==1.23.2)
"""
import pathlib

import onnx
from onnx import TensorProto, helper

here = pathlib.Path(__file__).parent
WORDS, WIDTH = 8, 4


def save(name, inputs, nodes, output, tables=()):
    values = [helper.make_tensor_value_info(value, kind, ["batch", "length"]) for value, kind in inputs]
    shape = [f"o{axis}" for axis in range(output)]
    outputs = [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, name, values, outputs, list(tables))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, here / f"{name}.onnx")


def table(values):
    return helper.make_tensor("words", TensorProto.FLOAT, [WORDS, WIDTH], values)


tokens = [("input_ids", TensorProto.INT64), ("attention_mask", TensorProto.INT64)]
look_up = helper.make_node("Gather", ["words", "input_ids"], ["out"], axis=0)
numbers = [((7 * index) % 11) - 5.0 for index in range(WORDS * WIDTH)]

# A whole sentence model, of eight words and four dimensions.
save("tiny", tokens, [look_up], 3, [table(numbers)])
# Every vector is zero.
save("zero", tokens, [look_up], 3, [table([0.0] * WORDS * WIDTH)])
# Takes something else.
save("pixels", [("pixels", TensorProto.FLOAT)], [helper.make_node("Identity", ["pixels"], ["out"])], 2)
# Takes tokens only.
save("no-mask", tokens[:1], [look_up], 3, [table(numbers)])
# Gives an axis too many.
save(
    "four-axes",
    tokens,
    [
        helper.make_node("Gather", ["words", "input_ids"], ["rows"], axis=0),
        helper.make_node("Unsqueeze", ["rows", "axis"], ["out"]),
    ],
    4,
    [table(numbers), helper.make_tensor("axis", TensorProto.INT64, [1], [0])],
)
