"""Where the stages leave what they exchange, from the project's root. A stage owns the folders under its heading."""

from pathlib import Path

# curate
SAMPLE = Path("data/sample")
CATALOG = Path("data/curated/catalog")
STREET = Path("data/curated/street")
COLLECTIONS = (CATALOG, STREET)
CURATION = Path("data/curated/report")
TABLE = "catalog.parquet"  # in each collection, as are the rejected rows and the pixel store
REJECTED = "rejected.parquet"
MEASURES = "measures.parquet"
REPORT = "report.json"
STORE = "images.arrow"
STREET_PAIRS = "street_pairs.parquet"  # in the street collection alone
TABLES = tuple(folder / TABLE for folder in COLLECTIONS)
STORES = tuple(folder / STORE for folder in COLLECTIONS)

# what may be lost at any time: it is made again
PHOTO_CACHE = Path("data/cache/photos.sqlite")
FEATURE_CACHE = Path("data/cache/features.sqlite")
FETCHED = Path("data/cache/fetched")
TOO_MANY_REJECTED = Path("data/cache/rejected.csv")

# features
FEATURES = Path("data/features")
VECTORS = tuple(FEATURES / f"{name}.arrow" for name in ("structure", "pattern", "color"))
CLASSIFIERS = {name: FEATURES / f"{name}_classifier" for name in ("structure", "pattern")}
MODEL = "model.keras"  # in each of the two, as is
TRUNK = "trunk.json"

# triplets
RECOMMENDED = Path("data/triplets/recommended")
SIMILARITY = RECOMMENDED / "similarity.json"
NEIGHBORS = RECOMMENDED / "neighbors.parquet"
SIMILAR = Path("data/triplets/similar/similar.parquet")
SEEN = SIMILAR.with_name("seen.parquet")
SEAL = SIMILAR.with_name("seen.json")  # what the two tables were made by, and their digests
SIMILAR_LOCK = Path("data/cache/similar.lock")
MINED = Path("data/triplets/mined")
MIXED = Path("data/triplets/mixed")
TRIPLETS = "triplets.parquet"  # in each of the two, as is REPORT
DETAILS = "details.json"  # in the mix: all that its report says
PAGE = "report.html"
INDEX = Path("data/triplets/index")
REGENERATION = Path("data/cache/tune/regenerate.log")  # what the run said that the tuning page has begun
REGENERATION_LOCK = Path("data/cache/tune/regenerate.lock")

# train
FIT = Path("data/model/fit")
TRAINING = Path("data/cache/training")  # the checkpoints and logs of the training that runs
TRAINING_LOCK = Path("data/cache/training.lock")
EMBEDDINGS = Path("data/model/embeddings")
EVALUATION = Path("data/model/evaluation")
COMPARISON = Path("data/model/comparison")
EXPORT = Path("data/model/export")
