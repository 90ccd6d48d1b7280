"""Train a model whose preprocessing is part of it.

TensorFlow is imported when it is used.
"""

from tidegate.model.training.features import Feature
from tidegate.model.training.labels import LabelSpec, label_spec
from tidegate.model.training.train import train
from tidegate.model.training.trained_model import TrainedModel

__all__ = ["Feature", "LabelSpec", "TrainedModel", "label_spec", "train"]
