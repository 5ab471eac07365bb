"""The panel that keeps settings, writes one into the parameters' file, and makes the triplets anew."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from core.errors import InputError, MildnetError
from triplets.tune import settings_file, views
from triplets.tune.acting import Acting
from triplets.tune.draft import Draft
from triplets.tune.regenerate import regenerate
from triplets.tune.tab import Tab
from triplets.tune.tuning import Tuning

_READ_BY_DVC = Path("params.yaml")


def save_panel(tuning: Tuning, acting: Acting) -> None:
    """Keep a setting under a name; write the weights into the parameters' file after a look at what changes."""
    _kept(tuning, acting)
    _written(tuning, acting)
    _made_anew(tuning)


def _kept(tuning: Tuning, acting: Acting) -> None:
    path = tuning.files.settings
    gr.HTML(f"<h2>Keep your weights under a name</h2><p>They go into {path.name}, to be compared later.</p>")
    with gr.Row():
        name = gr.Textbox(label="Name", elem_id="setting-name", max_lines=1)
        keep = gr.Button("Keep", scale=0, min_width=160, elem_id="keep")
    with gr.Row():
        known = gr.Dropdown(label="Kept settings", elem_id="kept")
        take = gr.Button("Put on the sliders", scale=0, min_width=160, elem_id="load")
        forget = gr.Button("Forget", scale=0, min_width=160, elem_id="forget")
    acting.shows(known, lambda of: gr.Dropdown(choices=list(settings_file.read(path)), value=None))

    def forgotten(of: Tab, called: str | None) -> Tab:
        settings_file.forget(path, tuning.kept(called))
        return tuning.put_beside(of, tuning.files.params.name) if of.beside == called else of

    acting.on(keep.click, tuning.keep, [name])
    acting.on(take.click, lambda of, called: tuning.take(of, tuning.settings()[tuning.kept(called)]), [known])
    acting.on(forget.click, forgotten, [known])


def _written(tuning: Tuning, acting: Acting) -> None:
    path = tuning.files.params
    gr.HTML(f"<h2>Write your weights into {path.name}</h2>")
    look = gr.Button("Show what changes", scale=0, min_width=200, elem_id="difference-of")
    difference = gr.HTML(elem_id="difference")
    draft = gr.State()
    write = gr.Button(
        f"Write {path.name}", variant="primary", interactive=False, scale=0, min_width=200, elem_id="write"
    )

    def drafted(of: Tab) -> list[Any]:
        made = Draft.of(path, of.setting)
        return [views.difference(made.diff, path.name), made, gr.Button(interactive=bool(made.diff))]

    def saved(_: Tab, made: Draft | None) -> list[Any]:
        if made is None:
            raise InputError("nothing is to be written. Press Show what changes first.")
        made.write()
        words = f"{path.name} has your weights now. Regenerate the triplets to use them."
        return [views.message(words), None, gr.Button(interactive=False)]

    acting.fills(look.click, drafted, [], [difference, draft, write])
    acting.fills(write.click, saved, [draft], [difference, draft, write])
    acting.on(difference.change, lambda of: of)  # the neighbours by the file's weights are others now


def _made_anew(tuning: Tuning) -> None:
    reads = tuning.files.params.resolve() == _READ_BY_DVC.resolve()
    whose = "" if reads else f" {tuning.files.params} is not what it reads, so the button does nothing here."
    gr.HTML(
        "<h2>Make the triplets anew</h2>"
        f"<p>Runs <code>dvc repro similar mix</code> with the weights of {_READ_BY_DVC}.{escape(whose)} The report of"
        ' the triplets as they are is <a href="report" target="_blank" rel="noopener">here</a>.</p>'
    )
    run = gr.Button("Regenerate the triplets", interactive=reads, scale=0, min_width=200, elem_id="regenerate")
    progress = gr.HTML(elem_id="progress")

    def ran() -> Iterator[str]:
        try:
            for now in regenerate(Path()):
                yield views.progress(now.done, now.of, now.stage, now.line)
            yield views.regenerated()
        except (MildnetError, OSError) as error:
            yield views.wrong(error)

    run.click(ran, [], [progress], show_progress="hidden", api_visibility="private", concurrency_limit=None)
