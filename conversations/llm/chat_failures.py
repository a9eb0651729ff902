"""What a failed call through the `openai` SDK means, in our own vocabulary."""

import re

import openai

from botsite.resilience.http import NEVER_SENT
from conversations.llm.base import (
    LLMError,
    ProviderCredentialsError,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
)

_NOT_OF_A_CODE = re.compile(r"[^\w.\-\[\] ]")
_CODE_LENGTH = 60
_OUT_OF_CREDIT = "insufficient_quota"  # OpenAI says 429 for it, but no waiting helps
_NOT_TRIED = 503
_MAY_WORK_LATER = (408, 409, 425)


def classified(provider: str, error: Exception) -> LLMError:
    """Return the LLMError that `error` stands for."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(provider, error)
    if isinstance(error, openai.APIConnectionError):
        code = "timeout" if isinstance(error, openai.APITimeoutError) else "no connection"
        was_sent = not isinstance(error.__cause__, NEVER_SENT)
        return ProviderUnavailableError(provider, code, may_have_worked=was_sent)
    # Only the configuration is left: an address or a key that cannot be used at all.
    return ProviderCredentialsError(provider, type(error).__name__)


def _of_status(provider: str, error: openai.APIStatusError) -> LLMError:
    status, code = error.status_code, _code(error)
    if status in (401, 402, 403) or error.code == _OUT_OF_CREDIT:
        return ProviderCredentialsError(provider, code)
    if status == 429:
        return ProviderThrottledError(provider, code, retry_after=_retry_after(error))
    if status >= 500 or status in _MAY_WORK_LATER:
        # 503 says that it was not even tried; a gateway's 504 says nothing of the kind.
        may_have_worked = status >= 500 and status != _NOT_TRIED
        return ProviderUnavailableError(provider, code, may_have_worked=may_have_worked)
    return ProviderRefusedError(provider, code)


def _code(error: openai.APIStatusError) -> str:
    """Name status, code and parameter. The provider's sentence is left out: it may quote the customer."""
    parts = [f"HTTP {error.status_code}", error.code or error.type, error.param]
    return " ".join(_NOT_OF_A_CODE.sub("", str(part))[:_CODE_LENGTH] for part in parts if part)


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
