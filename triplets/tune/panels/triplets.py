"""The panel that shows which triplets the weights would mine."""

import gradio as gr

from triplets.tune import views
from triplets.tune.acting import Acting
from triplets.tune.previewing import previewed
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning


def triplets_panel(tuning: Tuning, acting: Acting) -> None:
    """Triplets of the query and of its neighbourhood, with what guards each negative."""
    gr.HTML(
        "<p>The triplets that <code>triplets mine</code> would write for the query's partition and split with your"
        " weights. A large partition takes some seconds.</p>"
    )
    mine = gr.Button("Mine a preview", scale=0, min_width=200, elem_id="preview")
    shown = gr.HTML(elem_id="triplets")

    def mined(of: Tab) -> list[str]:
        found = previewed(tuning, of)
        return [views.triplets(tuning.opened().version, found.own, found.others, found.why)]

    acting.fills(mine.click, mined, [], [shown])
