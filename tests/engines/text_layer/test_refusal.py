"""Pages whose text layer is none, made with the faults that real ones have, and honest ones beside them."""
# ruff: noqa: RUF001, E501 - text in other scripts, whose letters look like others and are wide

from __future__ import annotations

import random
import re

import pymupdf
import pytest

from dsocr_loaders.engines.text_layer.documents import Password, opened
from dsocr_loaders.engines.text_layer.extract import layer_of
from dsocr_loaders.engines.text_layer.refusal import reason_for_ocr
from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.values import RgbImage

PAGE = pymupdf.Rect(50, 50, 545, 792)
TEXTS = {
    "en": "All people are born free and have the same dignity and the same rights. They have reason and a conscience, "
    "and they should meet each other in a spirit of friendship. Nobody may be held as a slave, and everyone has the "
    "right to an effective remedy by the courts when a law has been broken.",
    "de": "Alle Menschen sind frei geboren und haben die gleiche Würde und die gleichen Rechte. Sie haben Vernunft und "
    "Gewissen und sollen einander freundlich begegnen. Niemand darf als Sklave gehalten werden, und jeder kann sich "
    "an ein Gericht wenden, wenn ein Gesetz verletzt wurde.",
    "pl": "Wszyscy ludzie rodzą się wolni i mają tę samą godność oraz te same prawa. Mają rozum i sumienie, powinni "
    "więc spotykać się w duchu przyjaźni. Nikogo nie wolno trzymać w niewoli, a każdy może zwrócić się do sądu, jeżeli "
    "prawo zostało złamane.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja heillä on sama arvo ja samat oikeudet. Heillä on järki ja omatunto, ja "
    "heidän tulee kohdata toisensa ystävyyden hengessä. Ketään ei saa pitää orjana, ja jokainen voi kääntyä "
    "tuomioistuimen puoleen, jos lakia on rikottu.",
    "vi": "Mọi người sinh ra đều tự do và có cùng phẩm giá, cùng quyền lợi. Ai cũng có lý trí và lương tâm, và nên gặp "
    "nhau trong tinh thần bằng hữu. Không ai bị giữ làm nô lệ, và mỗi người đều có thể đến tòa án khi luật pháp bị vi "
    "phạm.",
    "tr": "Bütün insanlar özgür doğar, aynı onura ve aynı haklara sahiptir. Akıl ve vicdan sahibidirler, birbirlerine "
    "dostlukla davranmalıdırlar. Hiç kimse köle olarak tutulamaz ve yasa çiğnendiğinde herkes mahkemeye başvurabilir.",
    "ru": "Все люди рождаются свободными и имеют одинаковое достоинство и одинаковые права. У них есть разум и совесть, "
    "и им следует относиться друг к другу по-дружески. Никого нельзя держать в рабстве, и каждый может обратиться в "
    "суд, когда нарушен закон.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και έχουν την ίδια αξιοπρέπεια και τα ίδια δικαιώματα. Έχουν λογική "
    "και συνείδηση και πρέπει να συναντιούνται με φιλία. Κανείς δεν μπορεί να κρατηθεί δούλος και ο καθένας μπορεί να "
    "πάει στο δικαστήριο όταν παραβιάζεται ο νόμος.",
    "he": "כל בני האדם נולדים חופשיים ויש להם אותו כבוד ואותן זכויות. יש להם תבונה ומצפון ועליהם להיפגש ברוח של "
    "ידידות. אסור להחזיק איש כעבד וכל אדם יכול לפנות לבית המשפט כאשר החוק הופר.",
    "ar": "يولد جميع الناس أحرارا ولهم نفس الكرامة ونفس الحقوق. لهم عقل وضمير وعليهم أن يلتقوا بروح الصداقة. لا يجوز أن "
    "يحتجز أحد كعبد ويمكن لكل شخص أن يلجأ إلى المحكمة عندما يخرق القانون.",
    "hi": "सभी लोग स्वतंत्र पैदा होते हैं और उनकी गरिमा और अधिकार समान हैं। उनके पास बुद्धि और विवेक है और उन्हें मित्रता की भावना से "
    "मिलना चाहिए। किसी को दास नहीं बनाया जा सकता और कानून टूटने पर हर व्यक्ति अदालत जा सकता है।",
    "zh": "所有的人生来自由,有同样的尊严和权利。他们有理性和良心,应该以友好的精神相处。任何人都不能被当作奴隶,法律被违反的时候,每个人都可以"
    "到法院去。这是我们大家共同的看法,也是所有国家应当努力的方向,因为只有这样,世界才会有和平,人民的生活才能一年比一年好。",
    "ja": "すべての人は自由に生まれ、同じ尊厳と同じ権利を持っています。人には理性と良心があり、友情の心をもって会うべきです。だれも奴隷にされては"
    "ならず、法律が破られたときは、だれでも裁判所に行くことができます。",
    "ko": "모든 사람은 자유롭게 태어나고 같은 존엄과 같은 권리를 가진다. 사람에게는 이성과 양심이 있으며 서로 우정으로 만나야 한다. 아무도 노예로 "
    "잡혀 있어서는 안 되며 법이 깨졌을 때에는 누구나 법원에 갈 수 있다.",
}
KINDS = {
    "code": "def cut(text, most=80):\n    out = []\n    for word in text.split():\n        if out and len(out[-1]) + "
    "len(word) < most:\n            out[-1] += ' ' + word\n        else:\n            out.append(word)\n    return "
    "[x.strip() for x in out if x != '' and not x.startswith(('#', '//'))]\nassert cut('a b')[0] == 'a b'  # {0: [1]}",
    "formulas": "f(x) = ∑ αₖ xᵏ, ∂f/∂x = ∑ k αₖ xᵏ⁻¹ ; |∇φ|² ≤ C‖u‖² ; λ₁ ≥ λ₂ ≥ … ≥ λₙ ; E[X²] − E[X]² = σ² ; "
    "P(A|B) = P(B|A)P(A)/P(B) ; x ∈ ℝⁿ ⇒ ∃ε > 0 ; (a+b)(a−b) = a²−b² ; sin²θ + cos²θ = 1",
    "numbers": " ".join(f"{number * 37 % 1000},{number % 90:02d} {number % 7}.{number}%" for number in range(120)),
    "names": "Nguyễn Wójcik Müller O'Brien Fitzgerald Bjørnstad Szczepański Krzyżanowski Ivanov Kowalczyk Grzegorz Ng "
    "Xu Zhang Hsieh Mbeki Nkrumah Oyelaran Þórsson Jónsdóttir Vlček Hrdlička Strč Schwarz Schmidt Pfffner Tchaikovsky",
    "codes": "WX-4471 PLT/KR 88-QF ABX1923 MNQ-T TRF.55 ZZ-top KLM-330 GHT-B 77X XJR-9 RTX4090 HDMI USB-C PCIe NVMe SSD "
    "LTE WLAN IEEE ISO DIN EN ANSI ASTM PVC PTFE EPDM FKM NBR QVGA XGA SXGA WUXGA UHD DDR5 ECC",
    "gene": "ACGTTGCAAGCTTACGGATCCATGCAATTGCCGGATATCGCGAATTCCTGCAGGTCGACTCTAGAGGATCCCCGGGTACCGAGCTCG " * 4,
    "key": "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxkvQZPrLwTnBvXcDqHjKpMzRfGsYtWbNdVuEoIaSkJhGfDpQ " * 4,
    "contents": "\n".join(f"{number}.{number % 4} Chapter {number} {'.' * 60} {number * 7}" for number in range(1, 25)),
    "capitals": TEXTS["en"].upper(),
    "short": "Thank you!",
}


@pytest.fixture
def reason(reader):
    """The reason for which the first page of a document is refused, None if it is good."""

    def judge(document):
        source = reader.source(document)
        with pymupdf.open(source.path) as again:
            pixmap = again[0].get_pixmap(dpi=100)
        ink = measure_ink(RgbImage(pixmap.width, pixmap.height, pixmap.samples))
        return reason_for_ocr(layer_of(opened(source, Password())[0]), ink)

    return judge


def page_of(text):
    document = pymupdf.open()
    document.new_page(width=595, height=842).insert_htmlbox(PAGE, f"<p>{text}</p>")
    document.subset_fonts()
    return document


def remapped(document, change):
    """Return the document with other characters in its fonts' maps: the page looks as before."""
    for xref in range(1, document.xref_length()):
        if not document.xref_is_stream(xref) or b"begincmap" not in (cmap := document.xref_stream(xref)):
            continue
        codes = {}
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
            for code, character in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
                codes[int(code, 16)] = bytes.fromhex(character.decode()).decode("utf-16-be")
        for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
            for first, last, character in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
                for code in range(int(first, 16), int(last, 16) + 1):
                    start = bytes.fromhex(character.decode()).decode("utf-16-be")
                    codes[code] = start[:-1] + chr(ord(start[-1]) + code - int(first, 16))
        swapped = change(codes)
        lines = "\n".join(
            f"<{code:04x}> <{character.encode('utf-16-be').hex()}>" for code, character in swapped.items()
        )
        head = cmap[: cmap.index(b"endcodespacerange") + len(b"endcodespacerange")]
        document.update_stream(
            xref, head + f"\n{len(swapped)} beginbfchar\n{lines}\nendbfchar\nendcmap\nend\nend".encode()
        )
    return document


def shifted(by):
    return lambda codes: {code: chr(max(1, ord(character[0]) + by)) for code, character in codes.items()}


def permuted(seed):
    def change(codes):
        in_use = set("".join(TEXTS.values()))  # a font holds more than the page needs
        letters = [character for character in codes.values() if character in in_use and character.strip()]
        others = random.Random(seed).sample(letters, len(letters))  # noqa: S311 - the same swap every time
        swap = dict(zip(letters, others, strict=True))
        return {code: swap.get(character, character) for code, character in codes.items()}

    return change


@pytest.mark.parametrize("language", TEXTS)
def test_honest_languages(reason, language):
    """This test ensures that honest text is let through, whatever it is written in."""
    assert reason(page_of(TEXTS[language])) is None


@pytest.mark.parametrize("kind", KINDS)
def test_honest_kinds(reason, kind):
    """This test ensures that what is no prose is let through: code, formulas, numbers, names, part numbers, keys."""
    assert reason(page_of(KINDS[kind].replace("<", "&lt;").replace("\n", "<br>"))) is None


@pytest.mark.parametrize("language", ["en", "de", "pl", "fi", "vi", "tr", "ru", "el", "he"])
@pytest.mark.parametrize("change", [permuted(1), permuted(2), shifted(1), shifted(29), shifted(-29)])
def test_wrong_maps_to_unicode(reason, language, change):
    """This test ensures that text whose characters are shifted or swapped is refused, in one alphabet as in another."""
    found = reason(remapped(page_of(TEXTS[language] * 3), change))

    assert found is not None
    assert "garbled" in found


@pytest.mark.parametrize(("language", "step"), [("zh", 29), ("ko", 29), ("ko", -1001)])
def test_wrong_maps_of_east_asian_fonts(reason, language, step):
    """This test ensures that Chinese characters and Korean syllables that nobody uses every day are refused.

    Korean syllables with the same consonant stand side by side, so a short step leads from common ones to common ones;
    but many of the others are in no Korean word.
    """
    found = reason(remapped(page_of(TEXTS[language] * 3), shifted(step)))

    assert found is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda codes: {code: chr(0xE000 + code) for code in codes}, "stand for no letter"),
        (lambda codes: dict.fromkeys(codes, "\ufffd"), "stand for no letter"),
        (lambda codes: {code: "!#$%&()*+,-/:;<=>?@[]^_{|}~"[code % 27] for code in codes}, "different signs"),
        (lambda codes: {code: "aжλбωcبдאe"[code % 10] for code in codes}, "mix two scripts"),
    ],
)
def test_other_garbage(reason, change, words):
    """This test ensures that private characters, signs and a mix of scripts are each refused for what they are."""
    assert words in reason(remapped(page_of(TEXTS["en"]), change))


def picture_of(document, dpi=110):
    return document[0].get_pixmap(dpi=dpi)


def scan_with(text, point_size=9):
    """A scanned page of text, with `text` printed over it as a portal does."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_image(page.rect, pixmap=picture_of(page_of(" ".join(TEXTS[each] for each in ("en", "de", "pl", "tr")))))
    page.insert_textbox((20, 5, 575, 40), text, fontsize=point_size)
    return document


def test_scan_with_a_header(reason):
    """This test ensures that a line or two over a scan do not make it born-digital."""
    found = reason(
        scan_with("Downloaded from the library of the university by somebody on the third of May 2024. " * 2)
    )

    assert "images that look like scanned text" in found


def test_scan_with_a_stamp(reason):
    """This test ensures that a stamp on a scan is told from text."""
    assert "stamp" in reason(scan_with("Copy 3"))


def test_half_a_page_scanned(reason):
    """This test ensures that a pasted scan that holds most of what the page says is not passed over."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    text = " ".join(TEXTS[each] for each in ("en", "de", "pl", "tr")) * 2
    page.insert_image((30, 200, 565, 830), pixmap=picture_of(page_of(text)), keep_proportion=False)
    page.insert_textbox((50, 50, 545, 150), "Annex: the letter of 3 May, as it was received by us.", fontsize=11)

    assert "images that look like scanned text" in reason(document)


def test_letters_drawn_as_shapes(reason):
    """This test ensures that text that was turned into outlines is missed, though a page number is there."""
    svg = page_of(TEXTS["en"] * 3)[0].get_svg_image(text_as_path=True)
    document = pymupdf.open("pdf", pymupdf.open("svg", svg.encode()).convert_to_pdf())
    document[0].insert_text((300, 820), "page 7", fontsize=9)

    assert "cover" in reason(document)


def test_photograph_with_a_caption(reason):
    """This test ensures that a photograph, which is ink all over, is not taken for scanned text."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    noise = random.Random(1).randbytes(3 * 120 * 150)  # noqa: S311 - the same picture every time
    photograph = pymupdf.Pixmap(pymupdf.csRGB, 120, 150, noise, False)  # noqa: FBT003 - the library takes it by position
    page.insert_image((60, 60, 535, 600), pixmap=photograph, keep_proportion=False)
    page.insert_text((60, 630), "Figure 3. The harbour in the evening.", fontsize=10)

    assert reason(document) is None


def test_chart_with_labels(reason):
    """This test ensures that bars with a title and few labels are let through."""
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    for number in range(8):
        bar = (80 + 55 * number, 600 - 50 * number, 120 + 55 * number, 650)
        page.draw_rect(bar, fill=(0.2, 0.4, 0.7), color=None)
        page.insert_text((85 + 55 * number, 665), str(2016 + number), fontsize=10)
    page.insert_text((80, 100), "Visitors a year", fontsize=24)

    assert reason(document) is None


def test_invisible_layer(reason):
    """This test ensures that the invisible text of an OCR program counts for nothing."""
    document = scan_with("Copy 3")
    document[0].insert_textbox(PAGE, TEXTS["en"], fontsize=11, render_mode=3)

    assert "invisible" in reason(document)
