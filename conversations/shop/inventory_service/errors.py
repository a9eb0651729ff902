"""How asking the inventory service can fail."""


class InventoryError(Exception):
    """There is no answer. `outcome` is the kind of failure in a word, `code` says more.

    Neither holds an address, a secret, or anything that the service wrote.
    """

    outcome = "unusable"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class InventoryUnavailable(InventoryError):
    """No connection, no whole answer in time, or the circuit is open: it may work later."""

    outcome = "unavailable"


class InventoryUnusable(InventoryError):
    """An answer, or a description of the service, that nobody can use."""


class InventoryFault(InventoryError):
    """The service says that it failed or, with `is_ours`, that what we asked was wrong."""

    outcome = "fault"

    def __init__(self, code: str, *, is_ours: bool) -> None:
        super().__init__(code)
        self.is_ours = is_ours
