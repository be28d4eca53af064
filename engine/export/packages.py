"""The packages that exporting needs and nothing else does. Torch-free."""

from __future__ import annotations

from engine.machine.extras import Extra

EXPORTING = Extra(
    "Exporting", {"onnx": "onnx>=1.19,<2", "onnxruntime": "onnxruntime>=1.22,<2", "onnxscript": "onnxscript>=0.5.4,<1"}
)
