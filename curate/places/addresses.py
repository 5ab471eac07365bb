"""Photos that are named by http(s) addresses."""

import re

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_USER = re.compile(r"(?<=//)[^/?#]*@")


def is_address(path: str) -> bool:
    """Whether a path begins as an http(s) address does."""
    return path[:4].lower() == "http" and _ADDRESS.match(path) is not None


def without_user(path: str) -> str:
    """An address without a user's name and password; any other path as it stands."""
    return _USER.sub("", path, count=1) if is_address(path) else path
