"""Every text of the interface has its Spanish, and the compiled catalogue is the .po's."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "es" / "LC_MESSAGES"
APPS = ("botsite", "conversations", "monitoring", "sessions_app")
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
END_OF_CONTEXT = "\x04"
TEMPLATE_TEXT = re.compile(r"""\bn?gettext\(u?(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


def texts_of_python() -> Iterator[str]:
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            yield from _marked(ast.parse(file.read_text()))


def _marked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            size = 1 if node.func.id in MARKERS else 2 if node.func.id in WITH_CONTEXT else 0
            texts = [text.value for text in node.args[:size] if isinstance(text, ast.Constant)]
            if texts and all(isinstance(text, str) for text in texts):
                yield END_OF_CONTEXT.join(map(str, texts))


def texts_of_templates() -> Iterator[str]:
    for folder in (ROOT / "templates", *(ROOT / app / "templates" for app in APPS)):
        for file in folder.rglob("*.html"):
            for found in TEMPLATE_TEXT.finditer(templatize(file.read_text())):
                yield ast.literal_eval(found["text"])


def entries_of_po() -> Iterator[tuple[str, dict[str, str]]]:
    """Each entry's msgid, after its context as in a .mo, with its msgstr lines by name ("msgstr", …)."""
    for block in (CATALOGUE / "django.po").read_text().split("\n\n"):
        entry: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                name, _, line = line.partition(" ")
                entry[name] = ""
            entry[name] += ast.literal_eval(line)
        context = [entry.pop("msgctxt")] if "msgctxt" in entry else []
        yield END_OF_CONTEXT.join([*context, entry.pop("msgid")]), entry


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_every_text_has_its_spanish() -> None:
    texts = {*texts_of_python(), *texts_of_templates()}
    known = set(dict(entries_of_po()))

    assert len(texts) > 150
    assert sorted(texts - known) == []


def test_nothing_is_left_empty_or_doubtful() -> None:
    source = (CATALOGUE / "django.po").read_text()

    assert "#, fuzzy" not in source
    assert [msgid for msgid, strings in entries_of_po() if not all(_values(strings))] == []


def _values(strings: dict[str, str]) -> list[str]:
    return [value for name, value in strings.items() if name.startswith("msgstr")]


def test_the_compiled_catalogue_is_up_to_date(compiled: gettext.GNUTranslations) -> None:
    for msgid, strings in entries_of_po():
        if not msgid:
            continue
        plural = strings.get("msgid_plural")
        if plural is None:
            assert compiled.gettext(msgid) == strings["msgstr"]
        else:
            assert compiled.ngettext(msgid, plural, 1) == strings["msgstr[0]"]
            assert compiled.ngettext(msgid, plural, 2) == strings["msgstr[1]"]


def test_a_translation_names_what_its_text_names() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]")

    for msgid, strings in entries_of_po():
        for value in _values(strings):
            assert set(placeholder.findall(value)) == set(placeholder.findall(msgid)), msgid
