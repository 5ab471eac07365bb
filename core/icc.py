"""Colours by the ICC profile that a photo embeds, as of phones (Display P3), cameras (Adobe RGB) and print (CMYK)."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

# As Photoshop converts: what both spaces have stays as it is, and white and black become white and black.
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SAME = 2  # levels: two makers' sRGB differ by no more


def to_srgb(photo: Image.Image, profile: bytes | None) -> Image.Image:
    """An image of the mode L, RGB or CMYK as RGB in sRGB; without a usable profile, it counts as sRGB already."""
    transform = _transform(profile, photo.mode) if profile else None
    if transform is not None:
        return transform.apply(photo)
    return photo if photo.mode == "RGB" else photo.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile's colours to sRGB; None where the profile is sRGB, is damaged, or is for another mode."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.buildTransform(source, srgb, mode, "RGB", _INTENT, _FLAGS)
    except (ImageCms.PyCMSError, OSError):
        return None
    samples = _samples(mode)
    plain, moved = (np.asarray(image).astype(int) for image in (samples.convert("RGB"), transform.apply(samples)))
    return transform if np.abs(plain - moved).max() > _SAME else None


def _samples(mode: str) -> Image.Image:
    """Nine levels of each channel, in every combination."""
    channels = np.meshgrid(*[np.linspace(0, 255, 9).astype(np.uint8)] * len(mode), indexing="ij")
    return Image.merge(mode, [Image.fromarray(channel.reshape(9, -1)) for channel in channels])
