"""The command that opens the tuning page."""

from pathlib import Path

import click

from core.cli import params_option


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True, help="0 for any free one.")
@click.option("--open/--no-open", "opens", default=True, show_default=True, help="Open the page in the browser.")
@click.option(
    "--judgements",
    "judgements_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("judgements.csv"),
    show_default=True,
    help="Where judgements are added.",
)
@click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("weights.yaml"),
    show_default=True,
    help="Where settings are kept under names.",
)
@params_option
def tune(port: int, opens: bool, judgements_path: Path, settings_path: Path, params_path: Path) -> None:
    """Open a page on 127.0.0.1 to look at neighbours, turn the weights, judge pairs, save, and regenerate.

    Reads what `triplets recommend` has read and written. Stop it by Ctrl-C.

    Example: triplets tune --port 7861 --no-open
    """
    import os
    import webbrowser
    from tempfile import TemporaryDirectory

    from core.errors import InputError

    with TemporaryDirectory(prefix="triplets-tune-") as uploads:
        # Gradio reads both when it is imported.
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": uploads}
        try:
            from triplets.tune import server
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.startswith("triplets."):
                raise
            raise InputError(f"the page needs {error.name}. Run pip install 'mildnet-triplets[tune]'.") from None
        from triplets.tune.tuning import Files, Tuning

        tuning = Tuning(Files(params_path, judgements_path, settings_path))
        tuning.check()
        on = server.listening(port)
        address = f"http://{server.HOST}:{on.getsockname()[1]}"
        app = server.application(tuning)
        click.echo(f"The page is at {address}. Stop it by Ctrl-C.")
        if opens:
            webbrowser.open(address)
        server.serve(app, on)
