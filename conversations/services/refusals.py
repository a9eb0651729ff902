"""What people and programs ask for and cannot have, in words that they can act on."""


class Refusal(Exception):
    """Nothing was changed. `code` is a machine word, `message` a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
