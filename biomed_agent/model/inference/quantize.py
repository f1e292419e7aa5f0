"""Loading a model in fewer bits with bitsandbytes: the linear layers of the language model and the protein encoder.

What is small or touchy stays as it is: the graph encoder and the projections in float32, and embeddings, output
matrix and norms in bfloat16.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import logging
import sys
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from biomed_agent.core.errors import Unavailable
from biomed_agent.core.types import LoadIn

UNQUANTIZED_MODULES = ("protein_encoder.contact_head", "lm_head", "embed_out")
"""Parts of names of linear layers that are not quantized, beside those the model class names: an unused head, and what
the output matrix is called."""
DTYPES: dict[LoadIn, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "8bit": torch.bfloat16,
    "4bit": torch.bfloat16,
}
"""Type of what is not quantized, and of what is computed."""


def loading_options(load_in: LoadIn) -> dict[str, Any]:
    """Return what ``from_pretrained`` is to be told: ``dtype``, and for 8 and 4 bits ``quantization_config``.

    8-bit is LLM.int8 (Dettmers et al., arXiv 2208.07339), 4-bit is NF4 with double quantization
    (arXiv 2305.14314); neither needs calibration data.

    Raises:
        Unavailable: bitsandbytes is needed and cannot be imported.
    """
    chosen: dict[str, Any] = {"dtype": DTYPES[load_in]}
    if load_in not in ("8bit", "4bit"):
        return chosen
    _import_bitsandbytes(load_in)
    if load_in == "8bit":
        quantization = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=list(UNQUANTIZED_MODULES))
    else:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=list(UNQUANTIZED_MODULES),
        )
    return chosen | {"quantization_config": quantization}


def prepare_quantized(model: torch.nn.Module) -> None:
    """Make a freshly loaded model ready for this machine.

    On CPUs with AVX512-BF16 bitsandbytes packs 4-bit weights in rows of 32 and blocks of 64, and fails on a shape
    that these do not divide; without the flag such a layer is computed the general way. What quantizing allocated and
    freed is given back to the system, which glibc does not do by itself: half the memory of a small model.
    """
    layer: Any
    for layer in model.modules():
        if getattr(layer, "support_avx512bf16_for_cpu", False):
            layer.support_avx512bf16_for_cpu = layer.out_features % 32 == 0 and layer.in_features % 64 == 0
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a libc other than glibc
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def _import_bitsandbytes(load_in: LoadIn) -> None:
    """Import bitsandbytes, silently and without letting it fetch code.

    Where the package ``kernels`` is installed it would download a kernel from a hub; it has its own for the same.
    """
    if not importlib.util.find_spec("bitsandbytes"):
        raise Unavailable(
            f"loading in {load_in} needs bitsandbytes, which is not installed.",
            "Run: pip install 'biomed-agent[quant]', or use --load-in bf16.",
        )
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns at every 8-bit layer and call
    before = sys.modules.get("kernels")
    sys.modules["kernels"] = None  # type: ignore[assignment]
    try:
        import bitsandbytes  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        raise Unavailable(
            f"loading in {load_in} needs bitsandbytes, which cannot be imported ({error}).",
            "Install it again: pip install --force-reinstall bitsandbytes; or use --load-in bf16.",
        ) from error
    finally:
        del sys.modules["kernels"]
        if before is not None:
            sys.modules["kernels"] = before
