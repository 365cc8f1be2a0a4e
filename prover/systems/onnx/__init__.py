"""Models: ONNX import and checks, calibration data, circuit graph, value ranges and the planner."""
