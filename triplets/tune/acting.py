"""How events become acts: an act gives the next tab, and everything that shows something of it is drawn anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
from gradio.components import Component

from core.errors import InputError, MildnetError
from triplets.tune import views
from triplets.tune.tab import Tab

Shown = Callable[[Tab], Any]
Act = Callable[..., Tab]
Event = Callable[..., Any]


@dataclass(frozen=True)
class _Drawn:
    """A component, and what it shows of a tab; a `fast` one follows the sliders while they move."""

    component: Component
    of: Shown
    fast: bool


class Acting:
    """The tab's state, the line for messages, and all that is drawn of the tab.

    What is wrong is said in the line for messages; the tab and all that is drawn of it then stay as they were. Events
    are tied to what is drawn by `tie`, when all of it is known.
    """

    def __init__(self, tab: gr.State, message: gr.HTML) -> None:
        self._tab = tab
        self._message = message
        self._drawn: list[_Drawn] = []
        self._ties: list[Callable[[], None]] = []

    def shows(self, component: Component, of: Shown, *, fast: bool = False) -> None:
        """`component` shows what `of` makes of the tab."""
        self._drawn.append(_Drawn(component, of, fast))

    def on(
        self,
        event: Event,
        act: Act,
        inputs: Sequence[Component] = (),
        *,
        fast: bool = False,
        progress: Literal["full", "minimal", "hidden"] = "hidden",
    ) -> None:
        """The `event` does `act`, which takes the tab and the values of `inputs`; a `fast` one draws the fast alone."""

        def tie() -> None:
            drawn = [one for one in self._drawn if one.fast or not fast]

            def do(tab: Tab, *values: Any) -> list[Any]:
                return self._done(drawn, tab, lambda: act(_known(tab), *values))

            event(
                do,
                [self._tab, *inputs],
                [self._tab, self._message, *(one.component for one in drawn)],
                show_progress=progress,
                # A fast one does not wait in the queue; while one runs, only the latest that comes is kept.
                queue=not fast,
                trigger_mode="always_last" if fast else "once",
                api_visibility="private",
            )

        self._ties.append(tie)

    def clicked(self, html: gr.HTML, acts: Mapping[str, Act], inputs: Sequence[Component] = ()) -> None:
        """A button in `html` does the act that it names, which takes the tab, the button's value and the `inputs`."""

        def tie() -> None:
            def do(clicked: gr.EventData, tab: Tab, *values: Any) -> list[Any]:
                return self._done(self._drawn, tab, lambda: acts[clicked.act](_known(tab), clicked.value, *values))

            html.select(
                do,
                [self._tab, *inputs],
                [self._tab, self._message, *(one.component for one in self._drawn)],
                show_progress="hidden",
                api_visibility="private",
            )

        self._ties.append(tie)

    def beside(
        self, event: Event, of: Callable[..., Any], inputs: Sequence[Component], outputs: Sequence[Component]
    ) -> None:
        """The `event` fills `outputs` with what `of` gives for the tab and the values of `inputs`; the tab stays."""

        def do(tab: Tab, *values: Any) -> list[Any]:
            try:
                return [views.message(""), *of(_known(tab), *values)]
            except (MildnetError, OSError) as error:
                return [views.message(str(error), bad=True), *(gr.skip() for _ in outputs)]

        event(do, [self._tab, *inputs], [self._message, *outputs], show_progress="minimal", api_visibility="private")

    def start(self, event: Event, first: Callable[[], Tab]) -> None:
        """The `event` gives the tab in which a person starts."""

        def tie() -> None:
            event(
                lambda: self._done(self._drawn, None, first),
                [],
                [self._tab, self._message, *(one.component for one in self._drawn)],
                show_progress="hidden",
                api_visibility="private",
            )

        self._ties.append(tie)

    def tie(self) -> None:
        """Tie the events; once, when everything is laid out."""
        for tie in self._ties:
            tie()

    def _done(self, drawn: Sequence[_Drawn], tab: Tab | None, act: Callable[[], Tab]) -> list[Any]:
        try:
            then = act()
            return [then, views.message(""), *(one.of(then) for one in drawn)]
        except (MildnetError, OSError) as error:
            return [tab, views.message(str(error), bad=True), *(gr.skip() for _ in drawn)]


def _known(tab: Tab | None) -> Tab:
    if tab is None:  # the server of this page has ended, and another one answers
        raise InputError("this page is of an earlier run of triplets tune. Load it anew.")
    return tab
