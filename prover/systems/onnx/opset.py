"""Models of newer opsets in an older one."""

import onnx
from onnx import version_converter

HELD = "zkescrow.held"  # a domain while a model is converted
PAD_INPUTS = 3  # tensor, amounts, value


def converted(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model in an older opset.

    The converter knows no way back for Pad, whose meaning without axes (its fourth input) has not
    changed: such nodes are kept from it, in a domain that it leaves alone.
    """
    held = onnx.ModelProto()
    held.CopyFrom(model)
    for node in held.graph.node:
        if node.op_type == "Pad" and len(node.input) <= PAD_INPUTS:
            node.domain = HELD
    held.opset_import.append(onnx.helper.make_opsetid(HELD, 1))
    found = version_converter.convert_version(held, opset)
    for node in found.graph.node:
        if node.domain == HELD:
            node.domain = ""
    foreign = [item for item in found.opset_import if item.domain == HELD]
    for item in foreign:
        found.opset_import.remove(item)
    return found
