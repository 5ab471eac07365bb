"""Text short enough for the room it has in a figure."""

from bisect import bisect_left


def shortened(text: str, most: int) -> str:
    """One line of at most `most` characters; of a longer one the middle goes, as ids differ at the end."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - head - 1) :]}"


def fitted(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """One line that is at most `inches` wide when matplotlib draws it in `size` points, `normal` or `bold`."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, weight=weight)

    def too_wide(most: int) -> bool:
        width = text_to_path.get_text_width_height_descent(shortened(text, most), font, ismath=False)[0]
        return bool(width > 72 * inches)

    # No letter of a readable text is a fifth as wide as it is high; so much of a long one need not be measured.
    lengths = range(1, min(len(text), int(5 * 72 * inches / size)) + 1)
    return shortened(text, max(1, bisect_left(lengths, True, key=too_wide)))
