"""Training a model whose preprocessing travels with it. TensorFlow is imported when it is used."""

from tidegate.training.features import Feature
from tidegate.training.labels import LabelSpec, label_spec
from tidegate.training.model import TrainedModel
from tidegate.training.train import train

__all__ = ["Feature", "LabelSpec", "TrainedModel", "label_spec", "train"]
