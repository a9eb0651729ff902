"""Another process of the site that answers from the response cache: a JSON object a line in, one out.

Run as a module it is the process; `started` starts one on the stores of the tests.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from conversations.llm.response_cache import Made

SECONDS = 30


class AnswerPeer:
    """The process as a test sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, user: int, question: str, text: str, *, hold: float = 0.0, aloud: bool = False) -> None:
        """Let it answer `question` of the user, by making the answer `text`, which takes `hold` seconds.

        `aloud`: it answers (text, "making") when it begins to make it.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([user, question, text, hold, aloud]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> tuple[str, str]:
        """The text that it gave, and where it was from."""
        stdout = self._process.stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], SECONDS)
        assert ready, "no answer"
        text, source = json.loads(stdout.readline())
        return text, source

    def ask(self, user: int, question: str, text: str) -> tuple[str, str]:
        self.tell(user, question, text)
        return self.answer()


@contextmanager
def started(database: str) -> Iterator[AnswerPeer]:
    """Start a process on the database of this name and the tests' Redis."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings", "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield AnswerPeer(process)
    finally:
        process.kill()
        process.communicate()


def make(text: str, hold: float, *, aloud: bool) -> "Made":
    if aloud:
        print(json.dumps([text, "making"]), flush=True)
    time.sleep(hold)
    return Made(reply_of(text))


def serve() -> None:
    # A machine that is too busy for signs of life is no reason to do without the cache.
    listener.TRUST_SECONDS, listener.DEADLINE_SECONDS = 600, 30
    wait_until(process.listener.hears)
    for line in sys.stdin:
        user_id, question, text, hold, aloud = json.loads(line)
        user = WhatsAppUser.objects.select_related("channel").get(pk=user_id)
        in_use = profile_in_use(user)
        plan = plan_for(
            channel_id=in_use.channel_id, profile=in_use.profile, language="es", question=question
        )
        assert plan is not None

        cached = reply_for(plan, partial(make, text, hold, aloud=aloud))
        print(json.dumps([cached.reply.text, cached.source]), flush=True)


if __name__ == "__main__":
    import django

    django.setup()
    from botsite.caching import listener, process
    from conversations.llm.response_cache import Made
    from conversations.models import WhatsAppUser
    from conversations.services.assistant_profiles import profile_in_use
    from conversations.services.response_cache import plan_for, reply_for
    from tests.conversations.services.cache_cases import reply_of
    from tests.processes import wait_until

    serve()
