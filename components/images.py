"""The container images, tagged with the package's version so that compilation is reproducible."""

from tidegate import __version__

#: Without TFDV: what moves data, reads JSON and talks to the registry.
LIGHT = f"tidegate/light:{__version__}"
#: With TensorFlow Data Validation, and without TensorFlow: what measures and judges data.
DATA = f"tidegate/data:{__version__}"
#: With TensorFlow: what trains models or runs them.
ML = f"tidegate/ml:{__version__}"
