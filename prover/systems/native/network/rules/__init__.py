"""The ONNX operators that become layers of integers."""
