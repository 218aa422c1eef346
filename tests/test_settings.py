from __future__ import annotations

import copy
import pickle
import traceback
import typing
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.settings import ENGINE_NAMES, Limits, ReaderArguments, Settings, SettingsArguments, selected_pages
from dsocr_loaders.values import Task, TextSource

SECRET = "sk-do-not-show-1234"  # noqa: S105 - opens nothing

DEFAULTS = {
    "engine": "auto",
    "model": "deepseek-ai/DeepSeek-OCR",
    "revision": None,
    "server": "auto",
    "api_key": None,
    "resolution": "gundam",
    "task": "document",
    "prompt": None,
    "granularity": "chunk",
    "chunk_tokens": 512,
    "token_counter": None,
    "min_tokens": None,
    "overlap_tokens": 0,
    "parents": False,
    "contextualize": False,
    "table_format": "markdown",
    "pages": None,
    "dpi": 144,
    "pdf_backend": None,
    "password": None,
    "max_new_tokens": None,
    "timeout_s": 600,
    "max_in_flight": None,
    "max_concurrency": 256,
    "image_format": "jpeg",
    "on_page_error": "raise",
    "repair": True,
    "max_repair_reads": 4,
    "read_figures": False,
    "journal": None,
    "structure": "stream",
    "join_pages": True,
    "include_furniture": False,
    "save_images": None,
    "limits": Limits(),
    "recursive": False,
    "allow_private_urls": False,
    "prefer_text_layer": False,
    "ordered": True,
    "engine_options": {},
    "trust_remote_code": False,
    "observers": (),
    "show_progress": False,
}

NOT_ALLOWED = {
    "engine": ["", "vlm", 5, None, "replay:", "ftp://host/v1", "http://", "localhost:8000", "http://host:port/v1"],
    "model": ["", None, 5],
    "revision": ["", 5],
    "server": ["", "vLLM", "tgi", None, 5],
    "api_key": [5, ["key"]],
    "resolution": ["", "huge", "Gundam", "gundam-1", "gundam-10", "gundam-", None],
    "task": ["", "translate", None, 5],
    "prompt": ["", 5],
    "granularity": ["", "node", "chunks", None],
    "chunk_tokens": [0, 15, -1, 100_001, 20.5, "many", None],
    "token_counter": [5, "", []],
    "min_tokens": [-1, 100_001, "many"],
    "overlap_tokens": [-1, 50_001, None],
    "parents": ["maybe", 2, None],
    "contextualize": ["maybe", 2, None],
    "table_format": ["", "csv", None],
    "pages": ["", "0", "1-0", "all", "1,,2", "1-2-3", "3-1", "-1--3", "1;2", "1.5", ",", "--1", 5],
    "dpi": [0, 35, 601, 144.5, "high", None],
    "pdf_backend": ["", "fitz", "mupdf"],
    "password": [5],
    "max_new_tokens": [0, -1, 1_000_001, 1.5, "all"],
    "timeout_s": [0, -1, float("nan"), float("inf"), "soon", None],
    "max_in_flight": [0, -1, 4097, 1.5],
    "max_concurrency": [0, -1, 4097, 1.5, None],
    "image_format": ["", "jpg", "webp", None],
    "on_page_error": ["", "ignore", "warn", None],
    "repair": ["trim", "", None, 2, (), [], ["trim", "trim"], ["turn"], ["trim", 5]],
    "max_repair_reads": [-1, 33, 1.5, None, "many"],
    "read_figures": ["maybe", 2, None],
    "journal": ["", " ", 1, b"journal.sqlite"],
    "structure": ["", "page", None],
    "join_pages": ["maybe", None, 2],
    "include_furniture": ["maybe", None, 2],
    "save_images": ["", True, 5],
    "limits": [5, "many", None],
    "recursive": ["maybe", 2, None],
    "allow_private_urls": ["maybe", 2, None],
    "prefer_text_layer": ["maybe", 2, None],
    "ordered": ["maybe", 2, None],
    "engine_options": [5, "dtype=bfloat16", None],
    "trust_remote_code": ["maybe", 2, None],
    "observers": [5, [object()], None],
    "show_progress": ["maybe", 2, None],
}

LIMITS_NOT_ALLOWED = {
    "source_bytes": [0, -1, 1.5, "1 GB", None],
    "url_s": [0, -1, float("nan"), float("inf"), "soon", None],
    "url_redirects": [-1, 1.5, None],
    "pages": [0, "all"],
    "frames": [0, 2.5],
    "page_pixels": [0, None],
    "nesting": [0, -5],
    "page_tree_levels": [0, "deep"],
    "worker_bytes": [0, -1, 0.5],
}

every_setting = pytest.mark.parametrize("name", Settings.model_fields)


class Scripted:
    """The least that counts as an engine."""

    capacity = 1
    fingerprint = "scripted 1"
    text_source = TextSource.OCR
    needs_image = True
    loop = None

    def prepare(self):
        raise NotImplementedError

    def read(self):
        raise NotImplementedError

    def close(self):
        raise NotImplementedError


class TestContract:
    def test_defaults_are_the_agreed_ones(self):
        """This test ensures that a user who chooses nothing gets what the design promises, in the agreed order."""
        settings = Settings()

        assert {name: getattr(settings, name) for name in Settings.model_fields} == DEFAULTS
        assert list(Settings.model_fields) == list(DEFAULTS)

    def test_keyword_arguments_are_the_fields(self):
        """This test ensures that type checkers offer each setting, and offer nothing that is none."""
        assert set(typing.get_type_hints(SettingsArguments)) == set(Settings.model_fields)
        assert SettingsArguments.__required_keys__ == frozenset()

    def test_a_readers_keyword_arguments_are_all_but_the_engine(self):
        """This test ensures that a reader, whose first argument is the engine, takes every other setting by name."""
        assert list(typing.get_type_hints(ReaderArguments)) == [
            name for name in Settings.model_fields if name != "engine"
        ]

    @every_setting
    def test_keyword_argument_has_the_fields_type(self, name):
        """This test ensures that an argument takes what its field takes; three take a wider type on purpose."""
        wider = {"engine": object, "api_key": str | SecretStr | None, "password": str | SecretStr | None}
        expected = wider.get(name, Task | str if name == "task" else Settings.model_fields[name].annotation)

        assert typing.get_type_hints(SettingsArguments)[name] == expected

    @every_setting
    def test_every_setting_is_described(self, name):
        """This test ensures that help texts and error messages have words for each setting."""
        assert Settings.model_fields[name].description.endswith(".")
        assert Settings.allowed(name)

    @pytest.mark.parametrize(
        "name", ["server", "resolution", "task", "granularity", "table_format", "image_format", "on_page_error"]
    )
    def test_words_for_a_choice_name_every_choice(self, name):
        """This test ensures that the words which list the choices of a setting list all of them and no other."""
        annotation = Settings.model_fields[name].annotation
        choices = [str(choice) for choice in (typing.get_args(annotation) or annotation)]

        assert Settings.allowed(name) == f"{', '.join(choices[:-1])} or {choices[-1]}"

    @pytest.mark.parametrize(("name", "low", "high"), [("chunk_tokens", 16, 100_000), ("dpi", 36, 600)])
    def test_words_for_a_range_name_its_ends(self, name, low, high):
        """This test ensures that the ends which the message names are allowed, and the numbers beyond are not."""
        assert Settings.allowed(name) == f"a whole number from {low} to {high}"
        assert [getattr(Settings(**{name: number}), name) for number in (low, high)] == [low, high]
        for number in (low - 1, high + 1):
            with pytest.raises(SettingsError):
                Settings(**{name: number})

    def test_settings_do_not_change(self):
        """This test ensures that settings which were checked stay as they were checked."""
        settings = Settings()

        with pytest.raises(ValidationError):
            settings.dpi = 72


class TestWhatIsNotAllowed:
    def test_every_limit_is_tried(self):
        """This test ensures that no limit is left out of the test below."""
        assert set(LIMITS_NOT_ALLOWED) == {field.name for field in fields(Limits)}

    @pytest.mark.parametrize(
        ("name", "value"), [(name, value) for name, values in LIMITS_NOT_ALLOWED.items() for value in values]
    )
    def test_a_limit_is_named_with_its_value(self, name, value):
        """This test ensures that a wrong limit is refused under its own name, alone and inside the settings."""
        with pytest.raises(SettingsError) as alone:
            Limits(**{name: value})
        with pytest.raises(SettingsError) as inside:
            Settings(limits={name: value})

        assert str(alone.value).startswith(f"limits.{name}={value!r} is not allowed; allowed: ")
        assert f"limits.{name}=" in str(inside.value)

    def test_no_such_limit(self):
        """This test ensures that a misspelt limit is not passed over."""
        with pytest.raises(SettingsError, match=r"'limits\.page' is no part of limits"):
            Settings(limits={"page": 5})

    def test_every_setting_is_tried(self):
        """This test ensures that no setting is left out of the test below."""
        assert set(NOT_ALLOWED) == set(Settings.model_fields)

    @pytest.mark.parametrize(
        ("name", "value"), [(name, value) for name, values in NOT_ALLOWED.items() for value in values]
    )
    def test_message_names_setting_value_and_what_is_allowed(self, name, value):
        """This test ensures that a user can mend a wrong setting from the message alone."""
        with pytest.raises(SettingsError) as caught:
            Settings(**{name: value})

        shown = "(hidden)" if name in {"api_key", "password"} else repr(value)
        assert str(caught.value) == f"{name}={shown} is not allowed; allowed: {Settings.allowed(name)}."

    def test_every_wrong_setting_is_named_at_once(self):
        """This test ensures that a user with two mistakes is told both."""
        with pytest.raises(SettingsError) as caught:
            Settings(dpi=1, granularity="node")

        assert [line.partition("=")[0] for line in str(caught.value).splitlines()] == ["granularity", "dpi"]

    def test_a_long_value_is_shortened(self):
        """This test ensures that a message stays readable when someone passes a whole document."""
        with pytest.raises(SettingsError) as caught:
            Settings(pages="x" * 10_000)

        assert len(str(caught.value)) < 250
        assert "xxx..." in str(caught.value)

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("granularty", "granularity"), ("max_tokens", "max_new_tokens"), ("page", "pages")],
    )
    def test_a_misspelt_name_gets_a_suggestion(self, wrong, right):
        """This test ensures that a typing error in a name is answered with the name that was meant."""
        with pytest.raises(SettingsError, match=f"'{wrong}' is no setting; did you mean '{right}'"):
            Settings(**{wrong: 1})

    def test_an_unknown_name_gets_the_list(self):
        """This test ensures that a name like no other is answered with all names."""
        with pytest.raises(SettingsError) as caught:
            Settings(zzz=1)

        assert str(caught.value) == f"'zzz' is no setting; the settings are {', '.join(Settings.model_fields)}."

    def test_locate_needs_words(self):
        """This test ensures that the one rule about two settings has a message of its own."""
        with pytest.raises(SettingsError) as caught:
            Settings(task="locate")

        assert str(caught.value) == "task='locate' needs prompt=..., the words to find on the page."
        assert Settings(task="locate", prompt="Total").prompt == "Total"


class TestEngine:
    @pytest.mark.parametrize(
        "engine",
        [*ENGINE_NAMES, "replay:answers", "http://localhost:8000/v1", "https://host/v1", "http://[::1]:8000/v1"],
    )
    def test_names_and_urls_are_taken_as_they_are(self, engine):
        """This test ensures that each agreed way to name an engine is allowed."""
        assert Settings(engine=engine).engine == engine

    def test_an_engine_object_is_taken(self):
        """This test ensures that an engine of the user's own is used as it is, and written by its fingerprint."""
        engine = Scripted()
        settings = Settings(engine=engine)

        assert settings.engine is engine
        assert settings.model_dump()["engine"] == "scripted 1"

    @pytest.mark.parametrize(
        "member",
        ["capacity", "close", "fingerprint", "loop", "needs_image", "prepare", "read", "text_source"],
    )
    def test_an_engine_that_lacks_something_is_told_what(self, member):
        """This test ensures that an object without one of an engine's members is refused with that member's name."""
        members = {name: getattr(Scripted, name) for name in vars(Scripted) if not name.startswith("__")}
        incomplete = type("Incomplete", (), {name: value for name, value in members.items() if name != member})

        with pytest.raises(SettingsError, match=f"Incomplete is no Engine: it lacks {member}"):
            Settings(engine=incomplete())


class TestSecrets:
    @pytest.mark.parametrize("name", ["api_key", "password"])
    def test_a_secret_is_nowhere_to_be_read(self, name):
        """This test ensures that settings can be printed, logged and written without a secret in them."""
        settings = Settings(**{name: SECRET})

        for text in (
            repr(settings),
            str(settings),
            f"{settings}",
            str(settings.model_dump()),
            settings.model_dump_json(),
            str(dict(settings)),
            repr(copy.deepcopy(settings)),
        ):
            assert SECRET not in text
        assert name not in settings.model_dump()
        assert f"{name}=" not in repr(settings)
        assert getattr(settings, name).get_secret_value() == SECRET

    @pytest.mark.parametrize(
        "wrong",
        [
            {"task": "locate", "api_key": SECRET},
            {"task": "locate", "password": SECRET},
            {"api_key": [SECRET]},
            {"password": {"password": SECRET}},
            {"apikey": SECRET},
            {"api_key": SECRET, "dpi": 1},
            {"engine": f"http://user:{SECRET}@host/v1"},
            {"engine": f"http://{SECRET}@host/v1"},
            {"engine": f"http://user:pass/{SECRET}@host/v1"},
            {"engine": f"http://user:{SECRET}?x@host/v1"},
            {"engine": f"http://host/v1?api_key={SECRET}"},
            {"engine": f"http://host/v1#{SECRET}"},
            {"server": f"https://user:{SECRET}@host/v1"},
        ],
    )
    def test_no_message_and_no_traceback_shows_a_secret(self, wrong):
        """This test ensures that a mistake beside a key, or with it, does not put the key into a log."""
        with pytest.raises(SettingsError) as caught:
            Settings(**wrong)

        assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_an_engine_with_a_key_in_its_url_is_told_where_keys_go(self):
        """This test ensures that the message shows the address and says which setting takes the key."""
        with pytest.raises(SettingsError, match=r"engine='http://\(hidden\)@host/v1' .*api_key takes a key"):
            Settings(engine=f"http://user:{SECRET}@host/v1")

    def test_a_key_is_not_pickled(self):
        """This test ensures that a key given as an argument cannot travel in a pickle, and that the error says why."""
        with pytest.raises(SettingsError, match="DSOCR_API_KEY") as caught:
            pickle.dumps(Settings(api_key=SECRET))

        assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_a_password_is_pickled_and_stays_hidden(self):
        """This test ensures that a worker process can open an encrypted file, and still prints no password."""
        copied = pickle.loads(pickle.dumps(Settings(password=SECRET)))  # noqa: S301 - bytes made in this line

        assert copied.password.get_secret_value() == SECRET
        assert SECRET not in repr(copied)

    def test_settings_without_secrets_survive_pickling(self):
        """This test ensures that settings reach a worker process unchanged."""
        settings = Settings(dpi=72, pages="1-3", task="ocr")

        assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - bytes made in this line

    def test_a_secret_may_be_wrapped_already(self):
        """This test ensures that code which keeps its keys in pydantic's wrapper can pass them on."""
        assert Settings(api_key=SecretStr(SECRET)).api_key.get_secret_value() == SECRET


page_numbers = st.integers(-30, 30).filter(bool)
spaces = st.sampled_from(["", " ", "  "])


@st.composite
def page_ranges(draw):
    """Return ranges and a text that says the same."""
    ranges, parts = [], []
    for _ in range(draw(st.integers(1, 5))):
        first = draw(page_numbers)
        last = draw(st.one_of(st.none(), page_numbers))
        if last is not None and first > last and (first > 0) == (last > 0):
            first, last = last, first
        text = str(first) if last is None else f"{first}{draw(spaces)}-{draw(spaces)}{last}"
        parts.append(f"{draw(spaces)}{text}{draw(spaces)}")
        ranges.append((first, first if last is None else last))
    return ranges, ",".join(parts)


def is_selected(page_number, total_pages, ranges):
    """Say it the slow way: count each end of each range from the front."""
    from_front = [[end if end > 0 else total_pages - (-end) + 1 for end in ends] for ends in ranges]
    return any(first <= page_number <= last for first, last in from_front)


class TestSelectedPages:
    @given(page_ranges(), st.integers(0, 40))
    def test_agrees_with_the_slow_way(self, drawn, total_pages):
        """This test ensures that each page is selected once, in order, exactly when one of the ranges covers it."""
        ranges, spec = drawn
        expected = [page for page in range(1, total_pages + 1) if is_selected(page, total_pages, ranges)]

        assert list(selected_pages(spec, total_pages)) == expected
        assert Settings(pages=spec).pages == spec

    @pytest.mark.parametrize(
        ("spec", "total_pages", "expected"),
        [
            (None, 3, (1, 2, 3)),
            (None, 0, ()),
            ("1-3,7,-1", 9, (1, 2, 3, 7, 9)),
            ("7,1-3", 9, (1, 2, 3, 7)),
            ("2,2,1-2", 9, (1, 2)),
            ("-2--1", 9, (8, 9)),
            ("-3-9", 9, (7, 8, 9)),
            ("8--1", 9, (8, 9)),
            ("8--1", 5, ()),
            ("4-99", 5, (4, 5)),
            ("99", 5, ()),
            ("-99", 5, ()),
            ("-99-2", 5, (1, 2)),
            (f"1-{10**30}", 2, (1, 2)),
        ],
    )
    def test_worked_examples(self, spec, total_pages, expected):
        """This test ensures that what the documentation shows works, and that pages beyond the end are left out."""
        assert selected_pages(spec, total_pages) == expected

    @pytest.mark.parametrize("spec", [spec for spec in NOT_ALLOWED["pages"] if isinstance(spec, str)])
    def test_what_settings_refuse_is_refused_here_too(self, spec):
        """This test ensures that a text which is no list of ranges never selects pages."""
        with pytest.raises(ValueError, match=r"page|range"):
            selected_pages(spec, 5)

    def test_a_long_text_is_refused_quickly(self):
        """This test ensures that a hostile text costs time in proportion to its length, not more."""
        for spec in ("1" * 4000 + "x", " " * 20_000 + "x", "1," * 20_000 + "x", "1 - " * 5000, "1-1," * 5000):
            with pytest.raises(ValueError, match="page ranges"):
                selected_pages(spec, 5)


@pytest.mark.parametrize("wrong", [{"min_tokens": 65}, {"overlap_tokens": 33}])
def test_merging_and_overlap_leave_room(wrong):
    """This test ensures that chunks cannot be asked to repeat or hold more than fits, and that the message says how."""
    (name,) = wrong

    with pytest.raises(SettingsError, match=rf"{name}=\d+ is too much for chunk_tokens=64; allowed here: up to"):
        Settings(chunk_tokens=64, **wrong)
