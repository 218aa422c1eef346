from __future__ import annotations

import io
import pickle
import sys
import zipfile

import numpy as np
import pytest
from dsocr_loaders import MissingDependency, SourceDamaged, SourceUnsupported
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from langchain_deepseek_ocr.arrays import array_as_png


def saved(array):
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def shapes_of_images():
    side = st.integers(1, 8)
    return st.tuples(side, side) | st.tuples(side, side, st.integers(1, 4))


@settings(deadline=None)
@given(arrays(np.uint8, shapes_of_images()))
def test_every_pixel_arrives(array):
    """This test ensures that the PNG shows the very pixels of the array, whatever its channels."""
    with Image.open(io.BytesIO(array_as_png(saved(array)))) as image:
        pixels = np.asarray(image)

    assert array.squeeze(axis=2).tolist() if array.shape[2:] == (1,) else array.tolist() == pixels.tolist()


def test_the_order_in_memory_does_not_matter():
    """This test ensures that an array saved column by column is not read as rows."""
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)

    assert array_as_png(saved(array)) == array_as_png(saved(np.asfortranarray(array)))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.bool_),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.uint8(7),
        np.zeros((0, 4, 3), np.uint8),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_other_arrays_are_no_images(array):
    """This test ensures that an array of another kind is refused with its kind and shape in the message."""
    with pytest.raises(SourceUnsupported) as caught:
        array_as_png(saved(array))

    assert f"An array of {array.dtype} in the shape {array.shape} is no image" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"no array", saved(np.zeros((64, 64), np.uint8))[:200], saved(np.zeros((4, 4), np.uint8))[:20]],
    ids=["empty", "other bytes", "cut in the pixels", "cut in the header"],
)
def test_what_is_no_whole_array_is_damaged(data):
    """This test ensures that bytes which numpy cannot load are one clear error."""
    with pytest.raises(SourceDamaged, match="no array that numpy"):
        array_as_png(data)


def test_a_header_that_claims_too_much_is_damaged():
    """This test ensures that a few bytes which claim to be a huge image are an error and take no memory."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 1000000000), }"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"few"

    with pytest.raises(SourceDamaged, match="not all of it"):
        array_as_png(data)


@settings(deadline=None)
@given(st.sampled_from([b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00", b"PK\x03\x04", b""]), st.binary(max_size=64))
def test_hostile_bytes_are_errors_of_ours(magic, rest):
    """This test ensures that bytes which begin like an array or an archive end in one of two errors."""
    with pytest.raises((SourceDamaged, SourceUnsupported)):
        array_as_png(magic + rest)


class Exploit:
    def __reduce__(self):
        return (sys.exit, ("code of a pickle ran",))


@pytest.mark.parametrize("write", ["an object array", "a bare pickle"])
def test_no_pickle_is_loaded(write):
    """This test ensures that hostile data cannot run code."""
    data = saved(np.array([Exploit()], dtype=object)) if write == "an object array" else pickle.dumps(Exploit())

    with pytest.raises(SourceDamaged):
        array_as_png(data)


def test_an_archive_is_no_array():
    """This test ensures that what `numpy.savez` writes is told from a single array."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.npy", saved(np.zeros((2, 2), np.uint8)))

    with pytest.raises(SourceUnsupported, match="an archive of arrays"):
        array_as_png(target.getvalue())


def test_without_numpy_the_message_says_what_to_install(monkeypatch):
    """This test ensures that numpy is needed for arrays alone, and that its absence is one clear error."""
    data = saved(np.zeros((2, 2), np.uint8))
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(MissingDependency, match="pip install numpy"):
        array_as_png(data)
