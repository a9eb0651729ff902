"""The closed vocabulary of how a call to a provider can fail: one screen tells whether to try again."""


class ProviderError(Exception):
    """A refused or failed call. `code` is the provider's own code, `detail` a sentence without secrets."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class PermanentError(ProviderError):
    """This message will never be accepted: mark it failed, do not try again."""


class WindowClosedError(PermanentError):
    """More than 24 hours since the user wrote: only a template may be sent."""


class ConfigurationError(ProviderError):
    """Credentials, account or template are wrong: a person has to act; the message is parked."""


class ThrottledError(ProviderError):
    """Too fast. Try again after `retry_after` seconds (None: the provider did not say)."""

    def __init__(self, code: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class RetryableError(ProviderError):
    """Certainly not accepted, and worth trying again a finite number of times."""


class AmbiguousError(ProviderError):
    """The request may have been accepted: its outcome is unknown, so it is never repeated by itself."""


class SignatureError(Exception):
    """The webhook did not prove where it comes from; answered with a generic 401."""


class MalformedPayloadError(Exception):
    """The body is not JSON or not the provider's envelope; answered with 400."""
