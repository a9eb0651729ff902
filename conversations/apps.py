"""Users, threads, messages and runs: the assistant's conversations."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations.models import KnowledgeEntry, PinnedAnswer
        from conversations.services import answer_state, budgets, prices  # noqa: F401  they listen for changed rows
        from conversations.services.waiting import watch_circuits

        watch_circuits()
        for sender in (KnowledgeEntry, PinnedAnswer):
            pre_save.connect(answer_state.row_about_to_change, sender=sender)
            for signal in (post_save, post_delete):
                signal.connect(answer_state.row_changed, sender=sender)
