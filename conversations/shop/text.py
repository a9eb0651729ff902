"""Texts from outside, made fit to be stored and looked for."""


def one_line(text: str, limit: int) -> str:
    """Return the first `limit` characters of `text` on one line, without what nobody can see."""
    kept = "".join(char if char.isprintable() else " " for char in text[:limit])
    return " ".join(kept.split())
