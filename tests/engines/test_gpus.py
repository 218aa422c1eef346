from __future__ import annotations

import pytest

from dsocr_loaders.engines.gpus import has_visible_gpu


@pytest.mark.parametrize(
    ("files", "environ", "expected"),
    [
        ([], {}, False),
        (["nvidiactl", "nvidia-uvm"], {}, False),
        (["nvidiactl", "nvidia3"], {}, True),
        (["dxg"], {}, True),
        (["kfd"], {}, True),
        (["nvidia0"], {"CUDA_VISIBLE_DEVICES": "0,1"}, True),
        (["nvidia0"], {"CUDA_VISIBLE_DEVICES": ""}, False),
        (["nvidia0"], {"CUDA_VISIBLE_DEVICES": "-1"}, False),
        (["kfd"], {"HIP_VISIBLE_DEVICES": "-1"}, False),
    ],
)
def test_a_gpu_is_seen_by_its_device_file(tmp_path, files, environ, expected):
    """This test ensures that a GPU counts if its driver shows it and the environment does not hide it."""
    for name in files:
        (tmp_path / name).touch()

    assert expected == has_visible_gpu(environ, tmp_path)
