"""Names that belong together become one person, whatever the order they come in."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from conversations.models import WhatsAppUser
from conversations.services.persons import KnownName, persons
from tests.conversations.builders import wa_id

forms = st.sampled_from([f"phone:{number}" for number in range(8)])
people = st.lists(st.lists(forms, min_size=1, max_size=3), min_size=1, max_size=8)


def known(form: str, user_id: int) -> KnownName:
    return KnownName(form, wa_id(form), None, WhatsAppUser(pk=user_id))


@given(people, st.dictionaries(forms, st.integers(1, 3)))
def test_persons_are_the_smallest_groups_that_share_nothing(
    people: list[list[str]], owners: dict[str, int]
) -> None:
    given_forms = {form for group in people for form in group}
    names = [known(form, user_id) for form, user_id in owners.items() if form in given_forms]

    found = persons(people, names)

    groups = [set(person.forms) for person in found]
    assert set().union(*groups) == given_forms
    assert all(not one & other for one, other in combinations(groups, 2))
    assert all(any(set(group) <= whole for whole in groups) for group in people)
    assert all(not one.users.keys() & other.users.keys() for one, other in combinations(found, 2))
    links = sum(len(set(group)) - 1 for group in people)
    links += sum(max(len(person.known) - 1, 0) for person in found)
    assert len(groups) >= len(given_forms) - links
    for name in names:
        [owner] = [person for person in found if name.form in person.forms]
        assert name in owner.known
        assert name.user.pk in owner.users


def test_the_forms_given_last_come_first() -> None:
    [person] = persons([["a", "x"], ["b", "x"]], [])

    assert list(person.forms) == ["b", "x", "a"]
