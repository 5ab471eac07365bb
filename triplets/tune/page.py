"""The page: a photo asks, sliders turn, the nearest follow; and the panels for judging, triplets, saving, comparing."""

from functools import partial
from pathlib import Path
from random import Random

import gradio as gr

from core.tables import DESCRIPTORS
from triplets.tune import views
from triplets.tune.acting import Act, Acting, Shown
from triplets.tune.judging import Judging
from triplets.tune.panels.compare import compare_panel
from triplets.tune.panels.judge import judge_panel
from triplets.tune.panels.save import save_panel
from triplets.tune.panels.triplets import triplets_panel
from triplets.tune.setting import Setting
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning

_HOUR = 3600  # seconds that an uploaded file is kept
_ALL, _OWN = "all categories", "the query's category alone"
_CLICKS = (Path(__file__).parent / "templates/clicks.js").read_text(encoding="utf-8")


def page(tuning: Tuning) -> gr.Blocks:
    """The page over a project."""
    with gr.Blocks(title="Tune the similarity", analytics_enabled=False, delete_cache=(_HOUR, _HOUR)) as blocks:
        gr.HTML("<h1>Tune the similarity</h1>", elem_id="title")
        key = gr.State()
        message = gr.HTML(elem_id="message", js_on_load="element.setAttribute('aria-live', 'polite')")
        acting, judging = Acting(key, message), Judging(tuning)
        who = gr.Textbox(value="", label="Your name", elem_id="who", max_lines=1, render=False)
        with gr.Row(elem_id="work"):
            with gr.Column(scale=1, min_width=300, elem_id="left"):
                _left(tuning, acting)
            with gr.Column(scale=3, min_width=320):
                with gr.Tab("Neighbours"):
                    _neighbours(tuning, judging, acting, who)
                with gr.Tab("Judge"):
                    judge_panel(tuning, judging, acting, who)
                with gr.Tab("Triplets"):
                    triplets_panel(tuning, acting)
                with gr.Tab("Save"):
                    save_panel(tuning, acting)
                with gr.Tab("Compare"):
                    compare_panel(tuning, acting)
        acting.start(blocks.load, lambda: tuning.start(Random()))
        acting.tie()
    return blocks


def _left(tuning: Tuning, acting: Acting) -> None:
    """The query, the sliders, and where the query is picked from."""
    asking = gr.HTML(elem_id="query")
    acting.shows(asking, lambda of: views.query(tuning.opened().version, tuning.query(of), of.query))
    with gr.Row():
        back = gr.Button("Back", size="sm", min_width=80)
        random = gr.Button("Random product", size="sm", min_width=80)
    _sliders(tuning, acting)
    with gr.Accordion("Pick a product", open=True):
        partition = gr.Dropdown(label="Partition", elem_id="partition")
        acting.shows(partition, lambda of: gr.Dropdown(choices=list(tuning.opened().partitions), value=of.partition))
        with gr.Row():
            name = gr.Textbox(label="Photo or product id", elem_id="name", scale=3, min_width=120, max_lines=1)
            show = gr.Button("Show", size="sm", scale=1, min_width=60, elem_id="show")
        upload = gr.UploadButton("Upload a photo", file_types=["image"], size="sm", elem_id="upload")
        gallery = gr.HTML(elem_id="gallery", js_on_load=_CLICKS)
        acting.shows(gallery, lambda of: views.gallery(tuning.opened().version, tuning.gallery(of), of.query))
    acting.on(back.click, tuning.back)
    acting.on(random.click, lambda of: tuning.at_random(of, Random()))
    acting.on(partition.input, tuning.place, [partition])
    acting.on(show.click, tuning.pick, [name])
    acting.on(name.submit, tuning.pick, [name])
    acting.on(upload.upload, lambda of, path: tuning.upload(of, Path(path)), [upload], progress="full")
    acting.clicked(gallery, {"query": tuning.pick, "leaf": lambda of, by: tuning.leaf(of, int(by))})


def _sliders(tuning: Tuning, acting: Acting) -> None:
    with gr.Group(elem_id="weights"):
        scope = gr.Radio([_ALL, _OWN], label="Weights of", elem_id="scope")
        acting.shows(scope, lambda of: _OWN if of.own else _ALL)
        sliders = [gr.Slider(0, 1, step=0.01, label=name, elem_id=f"weight-{name}") for name in DESCRIPTORS]
        for slider, name in zip(sliders, DESCRIPTORS, strict=True):
            acting.shows(slider, _slider(tuning, name))
        with gr.Row():
            reset = gr.Button("Back to params.yaml", size="sm", min_width=120)
            drop = gr.Button("Remove the category's own", size="sm", min_width=120)
    acting.shows(drop, lambda of: gr.Button(interactive=tuning.has_own(of)), fast=True)

    def turned(of: Tab, *values: float) -> Tab:
        return tuning.turn(of, dict(zip(DESCRIPTORS, values, strict=True)))

    acting.on(partial(gr.on, [slider.input for slider in sliders]), turned, sliders, fast=True)
    acting.on(scope.input, lambda of, chosen: tuning.scope(of, chosen == _OWN), [scope])
    acting.on(reset.click, lambda of: tuning.take(of, Setting.of(tuning.present())))
    acting.on(drop.click, tuning.drop)


def _slider(tuning: Tuning, name: str) -> Shown:
    return lambda of: tuning.sliders(of)[name]


def _neighbours(tuning: Tuning, judging: Judging, acting: Acting, who: gr.Textbox) -> None:
    """The nearest under two settings, side by side."""
    beside = gr.Dropdown(label="Beside yours", elem_id="beside", filterable=False)
    acting.shows(beside, lambda of: gr.Dropdown(choices=list(tuning.settings()), value=of.beside))
    found = gr.HTML(elem_id="found", js_on_load=_CLICKS)
    acting.shows(found, lambda of: columns(tuning, of), fast=True)
    acting.on(beside.input, tuning.put_beside, [beside])
    marks: dict[str, Act] = {
        f"wrong{side + 1}": lambda of, image_id, name, side=side: judging.mark(of, side, image_id, name)
        for side in range(2)
    }
    acting.clicked(found, {"query": lambda of, image_id, _: tuning.pick(of, image_id), **marks}, [who])


def columns(tuning: Tuning, of: Tab) -> str:
    """The nearest, as HTML."""
    marked = None if of.query.uploaded else {image_id for query, image_id in of.marked if query == of.query.name}
    own = tuning.asked(of).category if tuning.has_own(of) and not of.own else ""
    return views.columns(tuning.opened().version, tuning.columns(of), tuning.asked(of).partition, marked, own)
