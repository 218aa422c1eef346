"""How to get an engine, in words: the texts that errors and `dsocr engines` share.

The command is vLLM's own recipe for DeepSeek-OCR (vllm-project/recipes, `DeepSeek/DeepSeek-OCR.md`; vLLM 0.12 or
newer). From vLLM 0.32 its newer model runner refuses the recipe's n-gram processor, which the variable undoes.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HOW_TO_GET_OCR", "LOCAL_ENDPOINT", "SERVE_COMMAND"]

SERVE_COMMAND: Final = (
    "vllm serve deepseek-ai/DeepSeek-OCR"
    " --logits_processors vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor"
    " --no-enable-prefix-caching --mm-processor-cache-gb 0"
)
"""Starts a vLLM server that this package can read with, on a machine with a GPU."""

LOCAL_ENDPOINT: Final = "http://localhost:8000/v1"
"""Where `SERVE_COMMAND` listens, seen from the same machine."""

HOW_TO_GET_OCR: Final = (
    "Five ways to get an engine that reads pixels: "
    f"(1) a vLLM server: run `{SERVE_COMMAND}` (with vLLM 0.32 or newer, put VLLM_USE_V2_MODEL_RUNNER=0 before it) and "
    f'pass engine="{LOCAL_ENDPOINT}" or set the environment variable DSOCR_ENDPOINT to that URL; '
    '(2) vLLM on this machine, with a GPU: `pip install "vllm>=0.12"` and engine="vllm"; '
    '(3) transformers on this machine: `pip install torch "transformers>=5.16"`, engine="transformers" and '
    'model="deepseek-ai/DeepSeek-OCR-2"; '
    '(4) answers that were recorded: engine="replay:FOLDER"; '
    "(5) an engine of your own: any object with the methods of dsocr_loaders.engines.Engine."
)
"""One paragraph for an error message: the ways to get an engine that can read a scan."""
