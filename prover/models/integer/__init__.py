"""Integer networks: quantisation of ONNX CNNs to exact integer layers, their bounds and execution."""
