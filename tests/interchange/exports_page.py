"""The lines of docs/exports.md, run as a reader would: its commands and its Python, a section at a time."""

import re
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from triplets.cli import main

PAGE = (Path(__file__).parents[2] / "docs/exports.md").read_text(encoding="utf-8")


def run(section: str, **names: Any) -> dict[str, Any]:
    """The names that the section's blocks leave, given `names`."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for language, code in blocks:
        if language == "python":
            exec(compile(code, f"docs/exports.md, {section}", "exec"), names)
        else:
            for line in code.splitlines():
                command, *words = line.split()
                assert (language, command) == ("sh", "triplets")
                result = CliRunner().invoke(main, words)
                assert result.exit_code == 0, result.output
    return names
