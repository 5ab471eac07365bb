"""How events become acts: an act gives the next tab, and everything that shows something of it is drawn anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
from gradio.components import Component

from core.errors import MildnetError
from triplets.tune import views
from triplets.tune.tab import Tab
from triplets.tune.tabs import Tabs

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
    """The tabs, the line for messages, and all that is drawn of a tab.

    The browser holds a `key` to its tab. What is wrong is said in the line for messages: where an act fails, the tab
    and all that is drawn stay as they were; where something cannot be drawn, that alone does. Events are tied to what
    is drawn by `tie`, when all of it is known.
    """

    def __init__(self, key: gr.State, message: gr.HTML) -> None:
        self._key = key
        self._message = message
        self._tabs = Tabs()
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

            def do(key: str, *values: Any) -> list[Any]:
                return self._done(drawn, key, lambda tab: act(tab, *values))

            event(
                fn=do,
                inputs=[self._key, *inputs],
                outputs=[self._message, *(one.component for one in drawn)],
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
            def do(clicked: gr.EventData, key: str, *values: Any) -> list[Any]:
                return self._done(self._drawn, key, lambda tab: acts[clicked.act](tab, clicked.value, *values))

            html.select(
                do,
                [self._key, *inputs],
                [self._message, *(one.component for one in self._drawn)],
                show_progress="hidden",
                api_visibility="private",
            )

        self._ties.append(tie)

    def fills(
        self, event: Event, of: Callable[..., Any], inputs: Sequence[Component], outputs: Sequence[Component]
    ) -> None:
        """The `event` fills `outputs` with what `of` gives for the tab and the values of `inputs`; the tab stays."""

        def do(key: str, *values: Any) -> list[Any]:
            try:
                return [views.message(""), *of(self._tabs.now(key), *values)]
            except (MildnetError, OSError) as error:
                return [views.wrong(error), *(gr.skip() for _ in outputs)]

        event(do, [self._key, *inputs], [self._message, *outputs], show_progress="minimal", api_visibility="private")

    def start(self, event: Event, first: Callable[[], Tab]) -> None:
        """The `event` gives the tab in which a person starts."""

        def do() -> list[Any]:
            try:
                key = self._tabs.open(first())
            except (MildnetError, OSError) as error:
                return [None, views.wrong(error), *(gr.skip() for _ in self._drawn)]
            return [key, *self._done(self._drawn, key, lambda tab: tab)]

        def tie() -> None:
            drawn = [one.component for one in self._drawn]
            event(do, [], [self._key, self._message, *drawn], show_progress="hidden", api_visibility="private")

        self._ties.append(tie)

    def tie(self) -> None:
        """Tie the events; once, when everything is laid out."""
        for tie in self._ties:
            tie()

    def _done(self, drawn: Sequence[_Drawn], key: str, act: Callable[[Tab], Tab]) -> list[Any]:
        try:
            tab = self._tabs.change(key, act)
            words, values = _draw(drawn, tab)
            while (now := self._tabs.now(key)) is not tab:  # another event was faster: what it did must not be hidden
                tab = now
                words, values = _draw(drawn, tab)
        except (MildnetError, OSError) as error:
            return [views.wrong(error), *(gr.skip() for _ in drawn)]
        return [words, *values]


def _draw(drawn: Sequence[_Drawn], tab: Tab) -> tuple[str, list[Any]]:
    """What is said, and the value of each component; one that cannot be drawn keeps what it shows."""
    words, values = views.message(""), []
    for one in drawn:
        try:
            values.append(one.of(tab))
        except (MildnetError, OSError) as error:
            words = views.wrong(error)
            values.append(gr.skip())
    return words, values
