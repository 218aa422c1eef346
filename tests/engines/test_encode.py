from __future__ import annotations

import io
import pickle
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image

from dsocr_loaders.engines.encode import EncodedImage, digest_page, encode_image, encode_page
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.values import RgbImage


def opened(encoded):
    return Image.open(io.BytesIO(encoded.data))


def striped(width_px, height_px):
    data = bytes(
        value for row in range(height_px) for _ in range(width_px) for value in (row % 256, 255 - row % 256, 7)
    )
    return RgbImage(width_px, height_px, data)


def test_png_keeps_every_pixel():
    """This test ensures that a page which travels as PNG arrives as it was rendered, rows and colours in order."""
    image = striped(31, 17)

    encoded = encode_image(image, "png")

    assert encoded.media_type == "image/png"
    assert image.data == opened(encoded).convert("RGB").tobytes()


def test_jpeg_has_full_colour_resolution_and_high_quality():
    """This test ensures that thin coloured strokes survive: 4:4:4 sampling, and a colour off by a few steps at most."""
    image = sample_page().image

    encoded = encode_image(image, "jpeg")

    with opened(encoded) as picture:
        assert encoded.media_type == "image/jpeg"
        assert {(1, 1)} == {sampling[1:3] for sampling in picture.layer}
        assert (encoded.width_px, encoded.height_px) == picture.size
        assert abs(picture.getpixel((5, 5))[0] - image.data[0]) <= 2
        assert max(picture.quantization[0]) <= 12


def test_an_image_too_long_for_jpeg_becomes_a_png():
    """This test ensures that a very long strip is read and no error of the JPEG library."""
    image = RgbImage(65_501, 1, b"\x00" * (3 * 65_501))

    assert encode_image(image, "jpeg").media_type == "image/png"


@pytest.mark.parametrize("image_format", ["jpeg", "png"])
def test_a_prepared_page_is_named_by_its_pixels(image_format):
    """This test ensures that the digest does not depend on how the page travels."""
    page = sample_page()

    prepared = encode_page(page, sample_request(page), image_format=image_format)

    assert pixel_digest(page.image) == prepared.digest
    assert prepared.digest == digest_page(page, sample_request(page)).digest
    assert isinstance(prepared.payload, EncodedImage)


def test_prepare_and_its_result_can_be_sent_between_processes():
    """This test ensures that a page worker can be given the function and can give back what it made."""
    prepare = partial(encode_page, image_format="png")
    page = sample_page()

    prepared = pickle.loads(pickle.dumps(prepare))(page, sample_request(page))  # noqa: S301 - pickled one line above

    assert prepared == pickle.loads(pickle.dumps(prepared))  # noqa: S301 - pickled here
    assert len(repr(prepared.payload)) < 100


def test_a_page_without_pixels_is_named():
    """This test ensures that a caller who dropped the pixels too early learns of which page."""
    page = replace(sample_page(3), image=None)

    with pytest.raises(ValueError, match=r"page 3 of sample\.png"):
        encode_page(page, sample_request(page), image_format="jpeg")
