"""The one exception tree. A message is one line: what is wrong, the value received, the next step."""


class MildnetError(Exception):
    """Something the person at the keyboard can put right; the command line prints its message alone."""


class ParamsError(MildnetError):
    """`params.yaml` is missing, malformed, or has a missing, unknown or impossible key."""


class TableError(MildnetError):
    """A table is missing, unreadable, or does not fulfil its schema."""


class PhotoError(MildnetError):
    """One photo cannot be used; `reason` is from the closed list of rejections."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["PhotoError"], tuple[str, str]]:
        return type(self), (self.reason, self.detail)  # else a worker's could not be read


class InputError(MildnetError):
    """The data cannot be used as the parameters ask."""


class PartialError(InputError):
    """Some of the data cannot be used; what the rest came to is written."""


class ModelError(MildnetError):
    """A network cannot be built, loaded or trained as the parameters ask."""
