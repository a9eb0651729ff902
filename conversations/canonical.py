"""The one form of the many in which WhatsApp and people write the same name of a customer."""

import re
from dataclasses import dataclass

from sessions_app.providers.base import Identity, IdentityKind


@dataclass(frozen=True, slots=True)
class NationalRule:
    """A country whose mobile numbers are written with and without one digit; the canonical form has none."""

    country: str
    pattern: re.Pattern[str]
    """Matches a whole number with the digit: groups 1 and 2 are what stands before and after it."""


RULES = (
    NationalRule("Mexico", re.compile(r"(52)1([0-9]{10})")),
    NationalRule("Argentina", re.compile(r"(54)9([0-9]{10})")),
    # Only mobile numbers have got the ninth digit: without it they begin with 6 to 9, landlines with 2 to 5.
    NationalRule("Brazil", re.compile(r"(55[0-9]{2})9([6-9][0-9]{7})")),
)
PHONE = "phone"
_NUMBER = re.compile(r"\+?([0-9]+)")
_JID = re.compile(r"([^@:]+)(?::[0-9]+)?@([^@]+)")
_PHONE_SERVERS = ("s.whatsapp.net", "c.us")
_LID_SERVER = "lid"


def canonical_form(name: Identity) -> str:
    """Return "phone:<digits>", "bsuid:<value>", "lid:<value>" …: equal for all forms of the same name.

    A jid has the form of the phone number or LID in it (`…@s.whatsapp.net`, `…@c.us`, `…@lid`), whichever of
    the person's devices it names. What is no phone number stays as it is, under its own kind.
    """
    if name.kind == IdentityKind.BSUID:
        return f"{IdentityKind.BSUID}:{name.value}"
    account, server = _parts(name.value)
    if server == _LID_SERVER or (name.kind == IdentityKind.LID and not server):
        return f"{IdentityKind.LID}:{account}"
    if (not server or server in _PHONE_SERVERS) and (number := _NUMBER.fullmatch(account)):
        return f"{PHONE}:{_without_optional_digit(number.group(1))}"
    return f"{name.kind}:{name.value}"


def family(canonical: str) -> str:
    """Return what kind of name a canonical form is of: a person has one current name of each."""
    return canonical.partition(":")[0]


def _parts(value: str) -> tuple[str, str]:
    """Return the account and the server of a jid, the device left out; no server for what is no jid."""
    jid = _JID.fullmatch(value)
    return (jid.group(1), jid.group(2).lower()) if jid else (value, "")


def _without_optional_digit(digits: str) -> str:
    for rule in RULES:
        if match := rule.pattern.fullmatch(digits):
            return "".join(match.groups())
    return digits


def left_over(canonical: str) -> str:
    """Return the form that a second user's row of the same name got when canonical forms were introduced.

    The two are merged when the customer writes again.
    """
    return f"{canonical} (2)"
