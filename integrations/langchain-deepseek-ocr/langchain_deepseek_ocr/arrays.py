"""Images as numpy arrays, the form in which LangChain's PDF loaders hand embedded images to an `images_parser`."""

from __future__ import annotations

import io

from dsocr_loaders import MissingDependency, SourceDamaged, SourceUnsupported

__all__ = ["ARRAY_TYPE", "array_as_png"]

ARRAY_TYPE = "application/x-npy"
"""The media type of what `numpy.save` writes."""

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_FAST = 1  # of zlib's levels; the image is decoded again in a moment


def array_as_png(data: bytes) -> bytes:
    """Return the image in a saved array as PNG, pixel by pixel the same.

    Args:
        data: what `numpy.save` wrote: bytes, in the shape (height, width) or (height, width, channels), where one
            channel is grey, two are grey and alpha, three RGB, and four RGBA.

    Raises:
        MissingDependency: numpy is not installed.
        SourceDamaged: this is no saved array, or not all of it.
        SourceUnsupported: the array is no image of these shapes.
    """
    try:
        import numpy as np  # noqa: PLC0415 - optional: only who has numpy can make such data
    except ImportError as error:
        raise MissingDependency(f"Reading {ARRAY_TYPE} needs numpy. Install it: pip install numpy") from error
    from PIL import Image  # noqa: PLC0415 - loaded on use

    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)  # a pickle runs code
    except Exception as error:  # what numpy raises for such bytes is not documented, and has many classes
        raise SourceDamaged(f"This is no array that numpy.save wrote, or not all of it ({error}).") from error
    if not isinstance(array, np.ndarray):
        raise SourceUnsupported("This is an archive of arrays. Pass one array, as numpy.save writes it.")
    match array.shape:
        case (height, width):
            mode = _MODES[1]
        case (height, width, channels):
            mode = _MODES.get(channels, "")
        case _:
            height, width, mode = 0, 0, ""
    if not mode or not array.size or array.dtype != np.uint8:
        raise SourceUnsupported(
            f"An array of {array.dtype} in the shape {array.shape} is no image; allowed: uint8 in the shape "
            "(height, width) or (height, width, 1 to 4 channels)."
        )
    target = io.BytesIO()
    Image.frombytes(mode, (width, height), array.tobytes()).save(target, "PNG", compress_level=_FAST)
    return target.getvalue()
