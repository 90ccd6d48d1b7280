"""Titles, meanings and directions of metrics."""

from __future__ import annotations

from collections.abc import Mapping

#: Title, meaning, and whether a higher value is better (None: neither).
METRICS: Mapping[str, tuple[str, str, bool | None]] = {
    "auc": ("ROC AUC", "chance that a positive row is ranked above a negative one", True),
    "pr_auc": ("PR AUC", "average precision over all recalls", True),
    "log_loss": ("Log loss", "mean negative log-likelihood, in nats", False),
    "brier": ("Brier score", "mean squared error of the probability", False),
    "accuracy": ("Accuracy", "share of rows whose class is right", True),
    "precision": ("Precision", "share of raised alarms that are right", True),
    "recall": ("Recall", "share of positives that are found", True),
    "f1": ("F1", "harmonic mean of precision and recall", True),
    "macro_f1": ("Macro F1", "F1 of each class, averaged", True),
    "ece": ("Calibration error", "mean gap between predicted and observed share", False),
    "base_rate": ("Base rate", "share of positives in the data", None),
    "rmse": ("RMSE", "root of the mean squared error, in the label's unit", False),
    "mae": ("MAE", "mean absolute error, in the label's unit", False),
    "r2": ("R\u00b2", "share of the label's variance that is explained", True),
}


def describe(metric: str) -> tuple[str, str, bool | None]:
    """A metric's title, meaning, and whether higher is better."""
    return METRICS.get(metric, (metric, "", None))
