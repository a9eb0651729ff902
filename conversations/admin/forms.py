"""What the admin's own pages send."""

from django import forms

from conversations.llm.prompt_parts import FACT_CHARACTERS

HIGHEST_SEQUENCE = 2**62
HIGHEST_NUMBER = 2**31 - 1
LONGEST_REPLY = 10_000


class PageForm(forms.Form):
    """`before` is the sequence number that the page of older messages ends before."""

    before = forms.IntegerField(min_value=1, max_value=HIGHEST_SEQUENCE, required=False)


class FeedForm(forms.Form):
    """`after` is the last sequence number that the page shows."""

    after = forms.IntegerField(min_value=0, max_value=HIGHEST_SEQUENCE, required=False)


class ReplyForm(forms.Form):
    """`seen` is the last sequence number that the person had before their eyes when they wrote."""

    text = forms.CharField(max_length=LONGEST_REPLY)
    seen = forms.IntegerField(min_value=0, max_value=HIGHEST_SEQUENCE)


class AgainstForm(forms.Form):
    """`against` is the number of the version that another one is compared with."""

    against = forms.IntegerField(min_value=1, max_value=HIGHEST_NUMBER, required=False)


class FactForm(forms.Form):
    """`text` is a fact that a person notes about a customer."""

    text = forms.CharField(max_length=FACT_CHARACTERS)


class EraseForm(forms.Form):
    """`fact` is the primary key of a remembered fact."""

    fact = forms.IntegerField(min_value=1, max_value=HIGHEST_SEQUENCE)
