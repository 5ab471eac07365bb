"""The tabs that are open: each is changed by one event at a time, so that no turn of a slider is lost."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Lock

from core.errors import InputError
from triplets.tune.tab import Tab

_MOST = 1000  # tabs that are remembered; an older one must be loaded anew


@dataclass
class _Held:
    tab: Tab
    lock: Lock = field(default_factory=Lock)


class Tabs:
    """Tabs by their keys. Threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def open(self, tab: Tab) -> str:
        """Remember another tab; its key."""
        key = token_hex(16)
        with self._lock:
            self._held[key] = _Held(tab)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
        return key

    def now(self, key: str | None) -> Tab:
        """The tab as it is.

        Raises:
            InputError: it is not known.
        """
        return self._known(key).tab

    def change(self, key: str | None, act: Callable[[Tab], Tab]) -> Tab:
        """Put what `act` makes of the tab into its place, when no other change of it is under way.

        Raises:
            InputError: the tab is not known. What `act` raises leaves it as it was.
        """
        held = self._known(key)
        with held.lock:
            held.tab = act(held.tab)
            return held.tab

    def _known(self, key: str | None) -> _Held:
        with self._lock:
            held = self._held.get(key or "")
            if held is None:  # it could not be drawn at first, or another server answers now
                raise InputError("triplets tune does not know this page any more. Load it anew.")
            self._held.move_to_end(key or "")
            return held
