"""`manage.py create_first_channels`: the channels that the environment describes; `migrate` does it too."""

from typing import Any

from django.core.management.base import BaseCommand

from sessions_app.services.first_channels import first_channels_create


class Command(BaseCommand):
    help = "Make the first channel of each kind that the environment describes, where there is none yet."

    def handle(self, *_args: Any, **_options: Any) -> None:
        first_channels_create()
