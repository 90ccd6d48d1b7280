"""The container images, tagged with the package's version so that compilation is reproducible."""

from tidegate import __version__

#: Without TensorFlow: what moves data, reads JSON and talks to the registry.
LIGHT = f"tidegate/light:{__version__}"
#: With TensorFlow and TensorFlow Data Validation.
ML = f"tidegate/ml:{__version__}"
