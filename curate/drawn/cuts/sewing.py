"""What the cuts share: the fit of a body, and sleeves, collars, seams and buttons."""

from dataclasses import dataclass

import numpy as np

from curate.drawn.outlines import Part, Points, both, symmetric, trace


@dataclass(frozen=True)
class Fit:
    """The half widths of a body with the ease of one garment, and how far its sleeves stand off (degrees)."""

    shoulder: float
    chest: float
    waist: float
    hip: float
    spread: float

    @classmethod
    def draw(cls, gender: str, rng: np.random.Generator) -> "Fit":
        ease = rng.uniform(0.96, 1.08)
        widths = (0.112, 0.097, 0.078, 0.1) if gender == "women" else (0.126, 0.112, 0.104, 0.108)
        shoulder, chest, waist, hip = (width * ease for width in widths)
        return cls(shoulder, chest, waist, hip, rng.uniform(17, 23))


def torso(fit: Fit, hem: float, hem_width: float, neck: float, depth: float, *, pointed: bool = False) -> Points:
    """A top's body from the neckline to the hem; `neck` is the half width of the neck hole, `depth` its lowest y."""
    neckline = (neck, 0.152) if pointed else (neck * 0.95, depth, neck, 0.152)
    return symmetric(
        (0, depth),
        neckline,
        (fit.shoulder - 0.012, 0.174),
        (fit.shoulder - 0.002, 0.178, fit.shoulder - 0.002, 0.188),
        (fit.chest + 0.004, 0.215, fit.chest, 0.262),
        (fit.waist - 0.002, 0.35, fit.waist, 0.385),
        (fit.waist + 0.002, 0.43, hem_width, hem),
        (hem_width * 0.5, hem + 0.006, 0, hem + 0.006),
    )


def neck_hole(neck: float, depth: float) -> Part:
    return Part(symmetric((0, 0.15), (neck, 0.15), (neck * 0.9, depth, 0, depth)), "inside")


def sleeves_of(fit: Fit, length: float, width: float, end_width: float) -> tuple[Part, Part]:
    angle = np.deg2rad(fit.spread)
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    end = np.array([fit.shoulder - 0.03, 0.2]) + length * along
    armpit = fit.chest - 0.006, 0.187 + width
    outer, inner = end + across * end_width / 2, end - across * end_width / 2
    outline = trace(armpit, (fit.shoulder - 0.008, 0.175), (fit.shoulder + 0.012, 0.183, *outer), tuple(inner))
    return both(outline, grain=-fit.spread)


def cuffs(sleeves: tuple[Part, Part], share: float, role: str = "trim") -> tuple[Part, ...]:
    """Bands at the end of the sleeves, `share` of their length."""
    bands = []
    for sleeve in sleeves:
        armpit, shoulder, outer, inner = sleeve.outline[[0, 1, -2, -1]]
        edge = [inner + (armpit - inner) * share, outer + (shoulder - outer) * share]
        bands.append(Part(np.array([*edge, outer, inner]), role, sleeve.grain))
    return tuple(bands)


def collar(spread: float, drop: float) -> tuple[Part, Part]:
    points = trace((0.004, 0.176), (0.034, 0.147), (0.048, 0.16), (spread, drop))
    return both(points, "collar")


def line(*steps: tuple[float, ...], width: float = 0.0028) -> tuple[Points, float]:
    return trace(*steps), width


def pair_of_lines(*steps: tuple[float, ...], width: float = 0.0028) -> tuple[tuple[Points, float], ...]:
    points = trace(*steps)
    return (points, width), (points * np.array([-1.0, 1.0]), width)


def armholes(fit: Fit) -> tuple[tuple[Points, float], ...]:
    return pair_of_lines((fit.shoulder - 0.003, 0.184), (fit.chest - 0.006, 0.215, fit.chest, 0.26))


def buttons(top: float, bottom: float, count: int, x: float = 0.0) -> tuple[tuple[float, float, float], ...]:
    return tuple((x, y, 0.0042) for y in np.linspace(top, bottom, count))


def fan(top: float, top_y: float, bottom: float, bottom_y: float, count: int) -> tuple[tuple[Points, float], ...]:
    """Pleats: lines that fan out from the waist."""
    shares = np.linspace(-1, 1, count)
    return tuple(line((share * top, top_y), (share * bottom, bottom_y), width=0.0022) for share in shares)
