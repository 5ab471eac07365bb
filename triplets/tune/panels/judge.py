"""The panel where a person judges pairs and learns weights from the judgements."""

import gradio as gr

from core.errors import MildnetError
from triplets.tune import views
from triplets.tune.acting import Act, Acting
from triplets.tune.judging import Judging
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning


def judge_panel(tuning: Tuning, judging: Judging, acting: Acting, who: gr.Textbox) -> None:
    """Pairs on which the two settings disagree most, two buttons to answer, and what the answers teach."""
    gr.HTML(
        "<p>Which photo is closer to the query? Asked are pairs on which your setting and the one beside it"
        " disagree.</p>"
    )
    with gr.Row():
        who.render()  # type: ignore[no-untyped-call]  # Gradio's
        within = gr.Checkbox(label="Of the gallery's partition alone", elem_id="within")
        ask = gr.Button("Ask", scale=0, min_width=120, elem_id="ask")
    pair = gr.HTML(elem_id="pair")
    acting.shows(pair, lambda of: _asked(tuning, judging, of))
    shown = gr.State()
    acting.shows(shown, lambda of: of.questions[0] if of.questions else None)
    with gr.Row():
        a = gr.Button("A is closer", variant="primary", scale=0, min_width=160, elem_id="a-closer")
        b = gr.Button("B is closer", variant="primary", scale=0, min_width=160, elem_id="b-closer")
        neither = gr.Button("Cannot tell", scale=0, min_width=160, elem_id="neither")
    for button in (a, b, neither):
        acting.shows(button, lambda of: gr.Button(interactive=bool(of.questions)))
    acting.on(ask.click, judging.ask, [within], progress="minimal")
    for button, closer in ((a, "a"), (b, "b"), (neither, None)):
        acting.on(button.click, _answer(judging, closer), [shown, who])
    with gr.Row():
        learn = gr.Button("Learn the weights", scale=0, min_width=200, elem_id="learn")
        take = gr.Button("Take these weights", interactive=False, scale=0, min_width=200, elem_id="take")
    told = gr.HTML(elem_id="told")
    proposed = gr.State()

    def learnt(_: Tab) -> list[object]:
        proposal = judging.learn()
        return [views.told(proposal.told), proposal.setting, gr.Button(interactive=True)]

    acting.fills(learn.click, learnt, [], [told, proposed, take])
    acting.on(take.click, tuning.take, [proposed])


def _asked(tuning: Tuning, judging: Judging, of: Tab) -> str:
    question = of.questions[0] if of.questions else None
    try:
        counted = judging.counted()
    except MildnetError as error:  # pairs can be looked at even so, and answers be added
        counted = str(error)
    return views.pair(tuning.opened().version, question, counted if question else f"Press Ask for a pair. {counted}")


def _answer(judging: Judging, closer: str | None) -> Act:
    return lambda of, question, who: judging.answer(of, question, closer, who)
