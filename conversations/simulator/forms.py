"""What the simulator's page sends."""

from django import forms

LONGEST_TEXT = 4096
HIGHEST_NUMBER = 2**31


class PageForm(forms.Form):
    """`conversation` is the number of one of the reader's own conversations; empty: the latest."""

    conversation = forms.IntegerField(min_value=1, max_value=HIGHEST_NUMBER, required=False)


class FeedForm(forms.Form):
    """`after` is the last sequence number that the page shows; `visible` whether anybody can see it."""

    conversation = forms.IntegerField(min_value=1, max_value=HIGHEST_NUMBER)
    after = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    visible = forms.BooleanField(required=False)


class MessageForm(forms.Form):
    """`client_id` is made by the page once per message, so that sending it twice stores it once."""

    conversation = forms.IntegerField(min_value=1, max_value=HIGHEST_NUMBER)
    client_id = forms.UUIDField()
    text = forms.CharField(max_length=LONGEST_TEXT)
