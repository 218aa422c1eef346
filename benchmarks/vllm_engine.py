"""Pages per second of `engine="vllm"` beside vLLM's documented recipe, in one run on the same machine.

The recipe is `LLM.generate` with the list of all pages and vLLM's own n-gram processor, the images in memory already.
Ours is a `Reader` over a PDF of the same pages: it opens, renders and prepares them while vLLM reads. Both get random
weights, in the full model's shape, and as many tokens a page as `--tokens` says; loading and a warm-up are not counted.
Each runs in a process of its own, one after the other. Random weights show the speed and nothing else.

    python benchmarks/vllm_engine.py --pages 384 --tokens 1,800

Needs vLLM, its GPU, and the core's own dependencies. `--small` takes a small language part and
small pages, for a try on a CPU; `--options` are further engine arguments for both sides, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

PAGE_PX = (1224, 1584)  # a letter page at 144 dpi: 2 x 3 tiles, 903 image tokens
SMALL_PAGE_PX = (612, 500)  # no tiles
DPI = 144
WARM_UP_PAGES = 4
PROMPT = "<|grounding|>Convert the document to markdown."
NGRAM = {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [128821, 128822]}
CACHES_OFF = {"enable_prefix_caching": False, "mm_processor_cache_gb": 0}


@dataclass(frozen=True, slots=True)
class Measured:
    """What one side did with all pages at one number of tokens."""

    seconds: float
    pages: int
    tokens: int


def main() -> None:
    """Run both sides and print the table."""
    arguments = _arguments()
    if arguments.side:
        _measure(arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "deepseek-ocr")
        _write_model(model, small=arguments.small)
        size = _page_px(arguments)
        _write_pdf(Path(folder, "pages.pdf"), size, arguments.pages, first=0)
        _write_pdf(Path(folder, "warm-up.pdf"), size, WARM_UP_PAGES, first=arguments.pages)
        rows = {side: _run(side, folder, arguments) for side in arguments.sides.split(",")}
    _print_table(rows, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=256)
    parser.add_argument("--tokens", default="1,800", help="tokens of an answer; several numbers make several rows")
    parser.add_argument("--options", default="{}", help="further engine arguments, as JSON")
    parser.add_argument("--max-num-seqs", type=int, default=256, help="of ours; the recipe has vLLM's own")
    parser.add_argument("--small", action="store_true", help="a small language part and small pages")
    parser.add_argument("--sides", default="recipe,ours", help="which to run")
    parser.add_argument("--side", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _page_px(arguments: argparse.Namespace) -> tuple[int, int]:
    return SMALL_PAGE_PX if arguments.small else PAGE_PX


def _run(side: str, folder: str, arguments: argparse.Namespace) -> list[Measured]:
    result = Path(folder, f"{side}.json")
    command = [
        sys.executable, __file__, "--side", side, "--folder", folder, "--pages", str(arguments.pages),
        "--tokens", arguments.tokens, "--options", arguments.options, "--max-num-seqs", str(arguments.max_num_seqs),
    ]  # fmt: skip
    command += ["--small"] if arguments.small else []
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})  # noqa: S603 - this very script
    return [Measured(**row) for row in json.loads(result.read_text())]


def _measure(arguments: argparse.Namespace) -> None:
    """Run one side, in a process of its own."""
    folder = Path(arguments.folder)
    wanted = [int(number) for number in arguments.tokens.split(",")]
    options = {"load_format": "dummy", **json.loads(arguments.options)}
    if arguments.side == "ours":
        options = {"max_num_seqs": arguments.max_num_seqs, **options}  # the recipe leaves it to vLLM
    measure = _recipe if arguments.side == "recipe" else _ours
    rows = measure(folder, arguments, wanted, options)
    (folder / f"{arguments.side}.json").write_text(
        json.dumps([{"seconds": row.seconds, "pages": row.pages, "tokens": row.tokens} for row in rows])
    )


def _recipe(
    folder: Path, arguments: argparse.Namespace, wanted: list[int], options: dict[str, object]
) -> list[Measured]:
    from vllm import LLM, SamplingParams  # noqa: PLC0415 - only here
    from vllm.model_executor.models.deepseek_ocr import NGramPerReqLogitsProcessor  # noqa: PLC0415 - likewise

    pages = arguments.pages
    model = str(folder / "deepseek-ocr")
    llm = LLM(model=model, logits_processors=[NGramPerReqLogitsProcessor], **CACHES_OFF, **options)

    def ask(first: int, count: int, tokens: int) -> int:
        sampling = SamplingParams(temperature=0.0, max_tokens=tokens, skip_special_tokens=False, extra_args=NGRAM)
        prompts = [
            {"prompt": f"<image>\n{PROMPT}", "multi_modal_data": {"image": image}} for image in images[first:][:count]
        ]
        return sum(len(output.outputs[0].token_ids) for output in llm.generate(prompts, sampling))

    images = [_page(number, _page_px(arguments)) for number in range(pages + WARM_UP_PAGES)]
    rows = []
    for tokens in wanted:
        ask(pages, WARM_UP_PAGES, tokens)
        began = time.perf_counter()
        found = ask(0, pages, tokens)
        rows.append(Measured(time.perf_counter() - began, pages, found))
    return rows


def _ours(folder: Path, arguments: argparse.Namespace, wanted: list[int], options: dict[str, object]) -> list[Measured]:
    from dsocr_loaders import Reader  # noqa: PLC0415 - the other side needs none of it

    pages = arguments.pages
    settings = {"engine": "vllm", "model": str(folder / "deepseek-ocr"), "dpi": DPI, "engine_options": options}
    rows = []
    with Reader(**settings, max_new_tokens=1) as kept:
        list(kept.iter_pages(str(folder / "warm-up.pdf")))  # it keeps the model loaded
        for tokens in wanted:
            with Reader(**settings, max_new_tokens=tokens, on_page_error="placeholder") as reader:
                list(reader.iter_pages(str(folder / "warm-up.pdf")))  # its page workers have started then
                began = time.perf_counter()
                results = list(reader.iter_pages(str(folder / "pages.pdf")))
                seconds = time.perf_counter() - began
            lost = [result for result in results if result.answer is None]
            if lost or len(results) != pages:
                raise SystemExit(f"{len(lost)} of {pages} pages were not read: {lost[:1]}")
            rows.append(Measured(seconds, pages, sum(result.answer.output_tokens or 0 for result in results)))
    return rows


def _print_table(rows: dict[str, list[Measured]], arguments: argparse.Namespace) -> None:
    width, height = _page_px(arguments)
    print(f"\n{arguments.pages} pages of {width} x {height} px, {os.cpu_count()} CPU cores")
    print(f"{'tokens a page':>13}  {'side':8}  {'seconds':>8}  {'pages/s':>8}  {'tokens/s':>9}  {'ratio':>6}")
    for place, wanted in enumerate(arguments.tokens.split(",")):
        first: float | None = None
        for side, measured in rows.items():
            row = measured[place]
            rate = row.pages / row.seconds
            first = first or rate
            print(
                f"{wanted:>13}  {side:8}  {row.seconds:8.1f}  {rate:8.2f}  {row.tokens / row.seconds:9.0f}"
                f"  {rate / first:6.2f}"
            )


def _page(number: int, size: tuple[int, int]) -> Image.Image:
    """Return a page that no other page is: lines of bars, as many as words would be."""
    dice = random.Random(number)  # noqa: S311 - the same pages each time
    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    for top in range(110, size[1] - 110, 26):
        left = 110
        while left < size[0] - 200:
            right = left + dice.randrange(20, 110)
            grey = dice.randrange(70)
            draw.rectangle((left, top, right, top + 13), fill=(grey, grey, grey))
            left = right + 12
    return page


def _write_pdf(path: Path, size: tuple[int, int], count: int, *, first: int) -> None:
    pages = (_page(number, size) for number in range(first, first + count))
    next(pages).save(path, "PDF", resolution=DPI, quality=90, save_all=True, append_images=pages)


def _write_model(folder: Path, *, small: bool) -> None:
    """Write what vLLM needs of a model whose weights are random."""
    from dsocr_loaders.testing.closed_book.configuration import write_configuration  # noqa: PLC0415 - see `_measure`
    from dsocr_loaders.testing.closed_book.tokenizer import make_tokenizer, write_tokenizer  # noqa: PLC0415 - likewise

    folder.mkdir()
    write_tokenizer(folder, make_tokenizer([PROMPT]))
    write_configuration(folder)
    if small:
        return
    config = json.loads((folder / "config.json").read_text())
    config["language_config"] |= {
        "first_k_dense_replace": 1, "hidden_size": 1280, "intermediate_size": 6848, "moe_intermediate_size": 896,
        "n_routed_experts": 64, "n_shared_experts": 2, "num_attention_heads": 10, "num_experts_per_tok": 6,
        "num_hidden_layers": 12, "num_key_value_heads": 10,
    }  # fmt: skip
    config["projector_config"]["n_embed"] = 1280
    (folder / "config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()
