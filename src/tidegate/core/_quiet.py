"""Import this before TensorFlow or TFDV: keeps their start-up chatter out of a task's log.

A value the user has set stays, and errors are still shown.
"""

from __future__ import annotations

import os

for _name, _value in {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "GRPC_VERBOSITY": "ERROR",
    "ABSL_MIN_LOG_LEVEL": "2",
    # Announced on every start otherwise; off, floats also add up alike on every processor.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}.items():
    os.environ.setdefault(_name, _value)
