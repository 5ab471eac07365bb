"""sentence-transformers trains on what `triplets export` writes."""

import exports_page as page
import numpy as np
import pytest
from small_mix import known, pixels

pytest.importorskip("sentence_transformers", reason="`make test-interchange` installs it")

import torch
from datasets import load_dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import InputModule
from sentence_transformers.sentence_transformer.losses import TripletLoss

# A trainer asks for pinned memory where there is no accelerator, too.
pytestmark = pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true:UserWarning")

MARGIN = 0.1  # the page's


class MeanColor(InputModule):
    """A network for images: their mean colour, and a linear layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.layer = torch.nn.Linear(3, 2)
        self.seen = []

    @property
    def modalities(self):
        return ["image"]

    def preprocess(self, inputs, prompt=None, **kwargs):
        self.seen.append([np.asarray(image) for image in inputs])
        colors = [np.asarray(image).mean(axis=(0, 1)) / 255 for image in inputs]
        return {"pixel_values": torch.tensor(np.array(colors), dtype=torch.float32)}

    def forward(self, features, **kwargs):
        return features | {"sentence_embedding": self.layer(features["pixel_values"])}

    def save(self, output_path, *args, **kwargs):
        self.save_torch_weights(output_path)


def start():
    """A new network in a model, and its weights."""
    module = MeanColor()
    return module, SentenceTransformer(modules=[module], device="cpu")


def color(image):
    assert (image == image[0, 0]).all()
    return image[0, 0].tolist()


def embedded(module, image_id):
    weight, bias = module.layer.weight.detach().double().numpy(), module.layer.bias.detach().double().numpy()
    return weight @ (pixels(image_id).mean(axis=(0, 1)) / 255) + bias


def test_the_trainer_takes_the_lines_of_the_page(project):
    module, model = start()
    before = module.layer.weight.detach().clone()
    trainer = page.run("sentence-transformers", model=model)["trainer"]
    assert trainer.state.global_step == -(-len(known("train")) // 16)
    assert not torch.equal(module.layer.weight, before)
    # Three columns a batch, the anchors first; all batches together are the triplets, in another order.
    columns = [[image for batch in module.seen[place::3] for image in batch] for place in range(3)]
    taken = sorted(tuple(color(image) for image in images) for images in zip(*columns, strict=True))
    assert taken == sorted(tuple(color(pixels(image_id)) for image_id in ids) for ids in known("train"))


@pytest.mark.parametrize("form", ["ids", "images"])
def test_the_loss_is_that_of_a_plain_loop(project, form):
    module, model = start()
    if form == "ids":
        train = page.run("sentence-transformers", model=start()[1])["train"]
    else:
        page.run("Hugging Face datasets")
        train = load_dataset("exports/images", split="train")
    expected = []
    for query, positive, negative in known("train"):
        q, p, n = (embedded(module, image_id) for image_id in (query, positive, negative))
        expected.append(max(np.linalg.norm(q - p) - np.linalg.norm(q - n) + MARGIN, 0))
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments("out", per_device_eval_batch_size=len(expected), report_to="none"),
        train_dataset=train,
        eval_dataset=train,
        loss=TripletLoss(model, triplet_margin=MARGIN),
    )
    assert trainer.evaluate()["eval_loss"] == pytest.approx(np.mean(expected), rel=1e-4)
    assert np.count_nonzero(expected)
