"""Cut the queries of a partition that is too large for one task: each part looks through all of its photos.

A part reads the whole partition: 14.4 kB per photo of vectors (3,612 float32), as much again centred about their mean,
and 10 kB per photo for a block of distances, so about 40 kB: 2 GB for 50,000 photos.
"""

BLOCK = 512  # queries of a matrix product
PAIRS = 2**27  # of a query and a photo in one task at most: about ten seconds of a core


def cuts(photos: int, pairs: int = PAIRS) -> list[slice]:
    """Runs of the queries of a partition of some `photos`, about equal, of `pairs` at most or of one block.

    Whole blocks, so the matrix products, and with them every byte, are those of the uncut partition.
    """
    blocks = -(-photos // BLOCK)
    allowed = max(1, pairs // max(1, photos * BLOCK))
    parts = max(1, -(-blocks // allowed))
    step = max(1, -(-blocks // parts)) * BLOCK
    return [slice(start, min(start + step, photos)) for start in range(0, photos, step)]
