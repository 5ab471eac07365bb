"""How fast a training goes."""


class Pace:
    """Photos per second over the steps; the first part, in which they are compiled, counts where it is the only one."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, float]] = []

    def add(self, photos: int, seconds: float) -> None:
        """Count a part of the training."""
        self._parts.append((photos, seconds))

    @property
    def photos_per_second(self) -> float:
        """0 where no step was taken."""
        counted = self._parts[1:] or self._parts
        return sum(photos for photos, _ in counted) / sum(seconds for _, seconds in counted) if counted else 0.0
