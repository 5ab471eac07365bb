"""The panel that puts the settings beside one another: agreement with attributes, and with judgements."""

from typing import Any

import gradio as gr

from triplets.tune import views
from triplets.tune.acting import Acting
from triplets.tune.comparing import compared
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning


def compare_panel(tuning: Tuning, acting: Acting) -> None:
    """One table of all settings, and of each descriptor alone."""
    gr.HTML(
        "<p>The mean share of the ten nearest photos that carry the query's attribute, over sampled photos of the"
        " validation split (of all, where there is none), and the share of the judgements that each setting orders"
        " alike. No weight is made from an attribute.</p>"
    )
    run = gr.Button("Compare", scale=0, min_width=200, elem_id="compare")
    table = gr.HTML(elem_id="compared")

    def shown(of: Tab) -> list[Any]:
        progress = gr.Progress()
        return [views.compared(compared(tuning, of, lambda done, whole: progress((done, whole), unit="photos")))]

    acting.fills(run.click, shown, [], [table])
