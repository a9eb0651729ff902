"""The parts of a prompt that are data: each between tags of its own, and nothing in it can leave them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conversations.llm.opening_hours import OpeningHours, hours_lines, is_open
from conversations.llm.text import clip_text, one_line_text, tag_safe_text, visible_text

SUMMARY_CHARACTERS = 4_000
ENTRY_CHARACTERS = 1_600
NAME_CHARACTERS = 80
LABELS_CHARACTERS = 300
FACT_CHARACTERS = 200
HOLIDAYS_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Snippet:
    """A question and its answer from the knowledge base."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class CartLine:
    """So many of a product, and what they cost together, as text: "3.50 USD"."""

    quantity: int
    product: str
    price: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom the model talks to: the name that they chose (empty: unknown) and the business's labels.

    `memory` are the facts that are remembered of them, the newest first.
    """

    name: str = ""
    labels: Sequence[str] = ()
    memory: Sequence[str] = ()
    cart: Sequence[CartLine] = ()


NOBODY = Customer()


@dataclass(slots=True)
class Section:
    """Data under one tag. `entries` are in order of their worth: the last one is given up first."""

    tag: str
    entries: list[str] = field(default_factory=list)
    separator: str = "\n"

    def __str__(self) -> str:
        return f"<{self.tag}>\n{self.separator.join(self.entries)}\n</{self.tag}>"


def hours_section(hours: OpeningHours | None, now: datetime | None) -> Section:
    """Return the week, and with `now` what time it is there and whether they are open: all or nothing."""
    if hours is None:
        return Section("hours")
    lines = list(hours_lines(hours)) if any(hours.week) else []
    if holidays := one_line_text(hours.holidays, HOLIDAYS_CHARACTERS):
        lines.append(f"Exceptions: {holidays}")
    if lines and now is not None:
        local = hours.local(now)
        state = f": {'open' if is_open(hours, now) else 'closed'} by this week" if any(hours.week) else ""
        lines.append(f"Now: {local:%A %Y-%m-%d %H:%M}{state}")
    return Section("hours", ["\n".join(lines)] if lines else [])


def knowledge_section(knowledge: Sequence[Snippet]) -> Section:
    """Return the entries, which are in order, the best first."""
    entries = [clip_text(f"{_block(it.question)}\n{_block(it.answer)}", ENTRY_CHARACTERS) for it in knowledge]
    return Section("knowledge", entries, separator="\n\n")


def customer_section(customer: Customer) -> Section:
    """Return what the customer is called, by themself and by the business."""
    return Section("customer", list(_customer_lines(customer)))


def memory_section(customer: Customer) -> Section:
    """Return a line per fact."""
    return Section("memory", [f"- {one_line_text(fact, FACT_CHARACTERS)}" for fact in customer.memory])


def cart_section(customer: Customer) -> Section:
    """Return a line per product; its name comes last, so that it cannot look like a price of ours."""
    return Section(
        "cart",
        [
            f"- {line.quantity} for {line.price}: {one_line_text(line.product, NAME_CHARACTERS)}"
            for line in customer.cart
        ],
    )


def summary_section(summary: str) -> Section:
    """Return the notes on what was said before the thread began."""
    return Section("summary", [clip_text(_block(summary), SUMMARY_CHARACTERS)] if summary.strip() else [])


def _customer_lines(customer: Customer) -> Iterator[str]:
    if name := one_line_text(customer.name, NAME_CHARACTERS):
        yield f"Name: {name}"
    labels = filter(None, (one_line_text(label, NAME_CHARACTERS) for label in customer.labels))
    if line := ", ".join(labels):
        yield f"Labels: {clip_text(line, LABELS_CHARACTERS)}"


def _block(text: str) -> str:
    """Return `text` with its lines, visible and tag-safe."""
    return tag_safe_text(visible_text(text))
