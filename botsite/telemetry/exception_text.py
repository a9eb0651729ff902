"""Exceptions for the log: where they came from, and of what they say only what cannot be private.

Messages of exceptions quote what they failed on: a customer's text, a row, a key. They are left out but for
the kinds below; the type, the places in the code and codes made for machines remain. Locals never show.
"""

import re
import traceback
from collections.abc import Iterator
from types import TracebackType

FRAMES = 40
CHAIN = 6
_SPEAK_OF_CODE = (AttributeError, ImportError, NameError, TypeError)
_MACHINE_WORD = re.compile(r"[A-Za-z][A-Za-z_]{1,60}|\d{1,7}")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def describe(error: BaseException) -> str:
    """Return the type and what may be said: an errno's meaning, an SQLSTATE and constraint, a `code`."""
    said = " ".join(_facts(error))
    name = type(error).__qualname__
    return f"{name}: {said}" if said else name


def render(error: BaseException) -> str:
    """Return the traceback with its causes, oldest first, without locals and private messages."""
    chain = list(_chain(error))
    return "\nled to\n".join("".join(_lines(each)) for each in reversed(chain))


def _lines(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]:
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
        if frame.line:
            yield f"    {frame.line}\n"
    yield describe(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and len(seen) < CHAIN:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _facts(error: BaseException) -> Iterator[str]:
    if isinstance(error, OSError) and error.strerror:
        yield str(error.strerror)
    elif isinstance(error, _SPEAK_OF_CODE):
        yield str(error)
    for name in ("code", "status_code", "pgcode"):
        value = str(getattr(error, name, None) or "")
        if _MACHINE_WORD.fullmatch(value):
            yield f"{name}={value}"
    diagnosis = getattr(error, "diag", None)  # psycopg2's own message quotes the row
    for name in ("table_name", "constraint_name"):
        if found := getattr(diagnosis, name, None):
            yield f"{name}={found}"
