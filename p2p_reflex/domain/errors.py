"""Owns the refusals: what a rule says to a person, in finished sentences."""


class LendingError(Exception):
    """Say no on behalf of a rule; the message is a finished sentence for the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FieldError(LendingError):
    """Refuse one field of a form; `field` is the name of the argument that was refused."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownError(LendingError):
    """Answer for a thing that does not exist, or is not this person's to see; the two look the same."""

    def __init__(self, thing: str = "page") -> None:
        super().__init__(f"This {thing} does not exist, or it is not yours to see.")
