"""Every form of a name has one canonical form, and different names have different ones."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conversations.canonical import canonical_form, family
from sessions_app.providers.base import Identity, IdentityKind
from tests.conversations.builders import bsuid, wa_id

digits = st.text("0123456789", min_size=1, max_size=15)
names = st.builds(Identity, st.sampled_from(IdentityKind), st.text(min_size=1, max_size=30) | digits)
written_as_jid = st.sampled_from(
    ["{}@s.whatsapp.net", "{}@c.us", "{}:12@s.whatsapp.net", "{}@S.WhatsApp.net"]
)


def phone(number: str) -> str:
    return canonical_form(wa_id(number))


def jid(value: str) -> Identity:
    return Identity(IdentityKind.JID, value)


@st.composite
def two_forms(draw: st.DrawFn) -> tuple[str, str]:
    """A mobile number of Mexico, Argentina or Brazil with and without the digit that is optional."""
    before, digit, after = draw(
        st.sampled_from([("52", "1", "[0-9]{10}"), ("54", "9", "[0-9]{10}")])
        | st.tuples(st.from_regex(r"\A55[1-9]{2}\Z"), st.just("9"), st.just("[6-9][0-9]{7}"))
    )
    rest = draw(st.from_regex(rf"\A{after}\Z", alphabet="0123456789"))
    return before + digit + rest, before + rest


@pytest.mark.parametrize(
    ("number", "canonical"),
    [
        ("5215512345678", "phone:525512345678"),
        ("525512345678", "phone:525512345678"),
        ("5491122334455", "phone:541122334455"),
        ("541122334455", "phone:541122334455"),
        ("5511987654321", "phone:551187654321"),
        ("551187654321", "phone:551187654321"),
        ("+573001112233", "phone:573001112233"),
    ],
)
def test_the_forms_of_a_number_are_one(number: str, canonical: str) -> None:
    assert phone(number) == canonical


@pytest.mark.parametrize(
    "number",
    [
        "52155123456789",  # too long for Mexico
        "521551234567",  # too short: the 1 belongs to the number
        "54911223344",
        "5511932345678",  # after Brazil's 9 no 6 to 9: not a number that has grown
        "551132345678",  # a landline
        "15215512345678",
        "12125550123",
    ],
)
def test_other_lengths_and_countries_stay_as_they_are(number: str) -> None:
    assert phone(number) == f"phone:{number}"


@given(two_forms())
def test_a_number_with_and_without_the_optional_digit_is_the_same(forms: tuple[str, str]) -> None:
    longer, shorter = forms
    assert phone(longer) == phone(shorter)


@given(digits)
def test_the_canonical_form_of_a_canonical_number_is_itself(number: str) -> None:
    canonical = phone(number)
    assert phone(canonical.removeprefix("phone:")) == canonical


@given(digits, digits)
def test_numbers_that_differ_in_more_than_the_optional_digit_stay_different(one: str, other: str) -> None:
    assume(one != other)
    if phone(one) == phone(other):
        assert abs(len(one) - len(other)) == 1
        assert one[:2] == other[:2]
        assert one[:2] in ("52", "54", "55")
        assert one[-8:] == other[-8:]


@given(digits, written_as_jid)
def test_a_jid_with_a_number_is_the_number(number: str, pattern: str) -> None:
    assert canonical_form(jid(pattern.format(number))) == phone(number)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        (bsuid("US.1"), "bsuid:US.1"),
        (bsuid("573001112233"), "bsuid:573001112233"),
        (jid("777:3@lid"), "lid:777"),
        (Identity(IdentityKind.LID, "777@lid"), "lid:777"),
        (Identity(IdentityKind.LID, "777"), "lid:777"),
        (jid("120363000000000000@g.us"), "jid:120363000000000000@g.us"),
        (jid("status@broadcast"), "jid:status@broadcast"),
        (wa_id("sim-1-2"), "wa_id:sim-1-2"),
        (wa_id("٣٣٣٣٣٣٣٣"), "wa_id:٣٣٣٣٣٣٣٣"),
    ],
)
def test_what_is_no_number_keeps_its_kind(name: Identity, canonical: str) -> None:
    assert canonical_form(name) == canonical


@given(names)
def test_any_name_has_a_form_of_some_family_that_fits_its_column(name: Identity) -> None:
    canonical = canonical_form(name)
    assert family(canonical) in {"phone", *IdentityKind}
    assert len(canonical) <= len(name.value) + 20


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_different_bsuids_stay_different(one: str, other: str) -> None:
    assert (canonical_form(bsuid(one)) == canonical_form(bsuid(other))) == (one == other)
