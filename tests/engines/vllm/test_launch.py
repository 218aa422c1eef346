from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsocr_loaders.engines.vllm.installed import InstalledVllm
from dsocr_loaders.engines.vllm.launch import NO_REPEAT_NGRAM, check_version, launch_for
from dsocr_loaders.errors import EngineUnavailable, SettingsError
from dsocr_loaders.settings import Settings

GPU = InstalledVllm(Path("/nowhere"), "0.25.1", is_cpu_build=False)
CPU = InstalledVllm(Path("/nowhere"), "0.32.0", is_cpu_build=True)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "deepseek-ocr"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["DeepseekOCRForCausalLM"]}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def launched(installed=GPU, known=frozenset(), **settings):
    return launch_for(Settings(engine="vllm", **settings), installed, known)


class TestArguments:
    def test_limits_caches_and_processor_are_always_named(self):
        """This test ensures that nothing depends on the defaults that vLLM chooses by how it is started."""
        arguments = launched().arguments

        assert {
            "model": "deepseek-ai/DeepSeek-OCR",
            "trust_remote_code": False,
            "logits_processors": [NO_REPEAT_NGRAM],
            "disable_log_stats": True,
            "enable_prefix_caching": False,
            "mm_processor_cache_gb": 0,
            "limit_mm_per_prompt": {"image": 1},
            "skip_tokenizer_init": False,
            "language_model_only": False,
            "max_num_seqs": 256,
            "max_num_batched_tokens": 16_384,
        } == arguments

    def test_the_build_for_cpus_gets_less_to_do(self):
        """This test ensures that a CPU is not asked for 256 pages at once."""
        assert 8 == launched(CPU).max_num_seqs

    def test_options_of_the_user_count(self):
        """This test ensures that engine_options replace defaults, and that processors are added to ours."""
        options = {"max_num_seqs": 3, "tensor_parallel_size": 2, "logits_processors": ["my:Own"]}

        launch = launched(engine_options=options)

        assert (3, 2) == (launch.max_num_seqs, launch.arguments["tensor_parallel_size"])
        assert [NO_REPEAT_NGRAM, "my:Own"] == launch.arguments["logits_processors"]

    def test_a_revision_holds_for_weights_code_and_tokenizer(self):
        """This test ensures that a pinned revision pins everything that is fetched."""
        arguments = launched(revision="v1").arguments

        assert {"v1"} == {arguments[name] for name in ("revision", "tokenizer_revision", "code_revision")}

    def test_arguments_that_a_version_lacks_are_left_out(self):
        """This test ensures that an older vLLM without one of the fixed arguments is not given it."""
        known = frozenset({"model", "enable_prefix_caching", "mm_processor_cache_gb", "limit_mm_per_prompt"})

        assert "language_model_only" not in launched(known=known).arguments

    def test_a_folder_is_named_whole(self, model_folder):
        """This test ensures that a folder is found from wherever the core runs, and needs no revision."""
        launch = launched(model=str(model_folder), revision="v1")

        assert str(model_folder.resolve()) == launch.arguments["model"]
        assert "revision" not in launch.arguments


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"enable_prefix_caching": True}, "it is False, since no two pages share a prefix"),
            ({"mm_processor_cache_gb": 4}, "pages do not come twice"),
            ({"limit_mm_per_prompt": {"image": 2}}, "a request is one page"),
            ({"skip_tokenizer_init": True}, "prompts and answers are texts"),
            ({"model": "x"}, "use the setting model="),
            ({"tokenizer_revision": "x"}, "use the setting revision="),
            ({"trust_remote_code": True}, "use the setting trust_remote_code="),
            ({"mm_processor_kwargs": {}}, "use the setting resolution="),
            ({"data_parallel_size": 2}, "start a server"),
            ({"max_num_seqs": 0}, "allowed: a whole number from 1"),
            ({"max_num_batched_tokens": "many"}, "allowed: a whole number from 1"),
        ],
    )
    def test_options_that_are_not_for_users(self, options, words):
        """This test ensures that an option that would break a promise, or has a setting, is refused with the reason."""
        with pytest.raises(SettingsError, match=words):
            launched(engine_options=options)

    def test_an_option_may_repeat_what_is_fixed(self):
        """This test ensures that a recipe that switches both caches off can be copied."""
        options = {"enable_prefix_caching": False, "mm_processor_cache_gb": 0}

        assert not launched(engine_options=options).arguments["enable_prefix_caching"]

    def test_a_typo_names_what_is_close(self):
        """This test ensures that an unknown option is told with the names that were perhaps meant."""
        known = frozenset({"gpu_memory_utilization", "max_model_len"})

        with pytest.raises(SettingsError, match="did you mean 'gpu_memory_utilization'"):
            launched(known=known, engine_options={"gpu_memory_utilisation": 0.5})
        with pytest.raises(SettingsError, match="vLLM's list of engine arguments"):
            launched(known=known, engine_options={"zzz": 1})

    @pytest.mark.parametrize("revision", [None, "main", "v1.0"])
    def test_remote_code_needs_a_pinned_revision(self, revision):
        """This test ensures that code that may change any day is not run, even where it is asked for."""
        with pytest.raises(SettingsError, match="40 hex digits"):
            launched(trust_remote_code=True, revision=revision)

    def test_remote_code_that_is_pinned_or_local_is_run(self, model_folder):
        """This test ensures that an opt-in with a commit, or with a folder, is passed on."""
        assert launched(trust_remote_code=True, revision=COMMIT).arguments["trust_remote_code"]
        assert launched(trust_remote_code=True, model=str(model_folder)).arguments["trust_remote_code"]

    def test_vllm_that_is_too_old_for_the_model(self):
        """This test ensures that each model's first vLLM is named, with the command that installs it."""
        old = InstalledVllm(Path("/nowhere"), "0.11.2", is_cpu_build=False)

        check_version(Settings(model="deepseek-ai/DeepSeek-OCR-2"), GPU)
        with pytest.raises(EngineUnavailable, match=r"vLLM 0\.11\.2 .* needs 0\.12\.0 .*pip install --upgrade"):
            check_version(Settings(), old)
        with pytest.raises(EngineUnavailable, match=r"needs 0\.16\.0"):
            check_version(Settings(model="deepseek-ai/DeepSeek-OCR-2"), InstalledVllm(Path("/"), "0.14.1", False))  # noqa: FBT003 - as in the class


class TestNames:
    def test_the_fingerprint_names_what_shapes_an_answer(self):
        """This test ensures that model, revision, version and options are told apart, in a stable order."""
        launch = launched(revision="v1", engine_options={"dtype": "half", "block_size": 16})

        expected = 'vllm 0.25.1 deepseek-ai/DeepSeek-OCR@v1 {"block_size": 16, "dtype": "half"}'
        assert expected == launch.fingerprint

    def test_a_folder_that_changes_is_another_model(self, model_folder):
        """This test ensures that a journal does not take answers of weights that were there before."""
        before = launched(model=str(model_folder)).fingerprint
        again = launched(model=str(model_folder)).fingerprint
        (model_folder / "model.safetensors").write_bytes(b"other weights")

        assert before == again
        assert before != launched(model=str(model_folder)).fingerprint

    def test_only_what_is_loaded_decides_who_shares(self):
        """This test ensures that settings of pages do not load a model again, and options of the engine do."""
        first = launched(resolution="gundam", prompt="Free OCR.")

        assert first.key == launched(resolution="tiny", dpi=72).key
        assert first.key != launched(engine_options={"max_model_len": 4096}).key
        assert first.key != launched(revision="v1").key
