"""Users, threads, messages and runs: the assistant's conversations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations.services import budgets, prices  # noqa: F401  they listen for changed rows
        from conversations.services.waiting import watch_circuits

        watch_circuits()
