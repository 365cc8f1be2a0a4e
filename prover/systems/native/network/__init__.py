"""Integer networks: ONNX CNNs quantised to exact integer layers, their bounds and execution."""
