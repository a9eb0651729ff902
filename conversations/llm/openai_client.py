"""The `openai` SDK's client: one per configuration and process, with every deadline set.

Import it only where a model is called: the SDK is slow to load.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from botsite.resilience.http import CONNECT_SECONDS, BoundedTransport
from conversations.llm.chat_failures import classified

if TYPE_CHECKING:
    from conversations.llm.providers import OpenAICompatible

_building = Lock()
_clients: dict[tuple[int, str, str, float], openai.OpenAI] = {}


@contextmanager
def calling(provider: "OpenAICompatible") -> Iterator[openai.OpenAI]:
    """Lend the provider's client; what a call with it raises becomes an LLMError."""
    try:
        yield _client_of_process(provider.api_key, provider.base_url, provider.timeout)
    # Beside the SDK's own: what an unusable address or a key that no header can carry raises.
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise classified(provider.name, error) from error


def post(client: openai.OpenAI, path: str, request: Mapping[str, Any]) -> bytes:
    """Return the body that answers `request`, a JSON object posted as it is; raises what the SDK raises.

    The SDK's methods for each resource would walk through all messages for fields to rename, where there is
    none, and make models of the answer, which we read ourselves: a third of what a call costs here.
    """
    answer: httpx2.Response = client.post(path, cast_to=httpx2.Response, body=request)
    return answer.content


def _client_of_process(api_key: str, base_url: str, timeout: float) -> openai.OpenAI:
    """Return the one client of a configuration. Connections must not outlive a fork, hence the process id."""
    key = (os.getpid(), api_key, base_url, timeout)
    with _building:
        if key not in _clients:
            _clients[key] = _built(api_key, base_url, timeout)
        return _clients[key]


def _built(api_key: str, base_url: str, timeout: float) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=api_key,
        base_url=base_url,
        max_retries=0,
        timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        http_client=httpx2.Client(transport=BoundedTransport(total_seconds=timeout), trust_env=False),
    )
