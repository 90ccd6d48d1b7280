"""Every exception Tidegate raises on purpose.

    TidegateError
    ├── ContractError          the contract is not valid, or requires more than the data has
    ├── SettingsError          the settings for compilation are not valid
    ├── StorageError           an object store could not be read or written
    │   └── PreconditionError  a conditional write lost against another writer
    ├── SourceError            raw data could not be read
    │   └── MissingSpanError   the requested span is not there
    ├── ExamplesError          an examples directory is incomplete or was changed
    ├── StatisticsError        statistics could not be computed or read
    ├── SchemaError            a schema could not be inferred or read
    ├── TrainingError          a model could not be built or trained
    ├── EvaluationError        a model could not be judged
    ├── SignalError            the signal of features, or a shift of spans, cannot be measured
    ├── LineageError           an artifact's origin is not recorded, or was changed
    └── RegistryError          the registry is inconsistent
        └── NotRegisteredError the requested version is not in the registry

A message names the thing and the remedy. Command lines and components print it as one line; an
exception of any other type that reaches the user is a defect.
"""


class TidegateError(Exception):
    """Base of all errors a user can cause or fix."""


class ContractError(TidegateError):
    """The contract is not valid, or requires more than the data has."""


class SettingsError(TidegateError):
    """The settings for compiling pipelines are not valid."""


class StorageError(TidegateError):
    """An object store could not be read or written."""


class PreconditionError(StorageError):
    """A conditional write found another version than expected."""


class SourceError(TidegateError):
    """Raw data could not be read."""


class MissingSpanError(SourceError):
    """The requested span is not in the source."""


class ExamplesError(TidegateError):
    """An examples directory is incomplete or does not match its manifest."""


class StatisticsError(TidegateError):
    """Statistics could not be computed or read."""


class SchemaError(TidegateError):
    """A schema could not be inferred or read."""


class TrainingError(TidegateError):
    """A model could not be built or trained."""


class EvaluationError(TidegateError):
    """A model could not be judged."""


class SignalError(TidegateError):
    """The signal of features, or a shift of spans, cannot be measured."""


class LineageError(TidegateError):
    """An artifact's origin is not recorded, or its record was changed."""


class RegistryError(TidegateError):
    """The registry is inconsistent or cannot take the entry."""


class NotRegisteredError(RegistryError):
    """The requested version is not in the registry."""
