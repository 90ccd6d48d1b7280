"""Silence the start-up output of TensorFlow and TFDV.

Import this module before either of them, to keep their messages out of a task's log.

A value the user has set stays, and errors are still shown.
"""

from __future__ import annotations

import os

for _name, _value in {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "GRPC_VERBOSITY": "ERROR",
    "ABSL_MIN_LOG_LEVEL": "2",
    # On, TensorFlow prints a message on every start; off, sums of floats also agree on every
    # processor.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}.items():
    os.environ.setdefault(_name, _value)
