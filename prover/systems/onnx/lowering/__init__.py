"""ONNX graphs in the few operators that circuits know."""
