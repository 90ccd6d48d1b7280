"""Every exception Tidegate raises on purpose.

    TidegateError
    ├── ContractError          the contract is not valid, or asks for what the data cannot give
    ├── SettingsError          the settings for compilation are not valid
    ├── StorageError           an object store could not be read or written
    │   └── PreconditionError  a conditional write lost against another writer
    ├── SourceError            raw data could not be read
    │   └── MissingSpanError   the span asked for is not there
    ├── ExamplesError          an examples directory is incomplete or was changed
    ├── StatisticsError        statistics could not be computed or read
    ├── SchemaError            a schema could not be inferred or read
    ├── TrainingError          a model could not be built or trained
    ├── EvaluationError        a model could not be judged
    ├── SignalError            what features tell, or what tells spans apart, cannot be measured
    ├── LineageError           what an artifact came from is not recorded, or was changed
    └── RegistryError          the registry is inconsistent
        └── NotRegisteredError the version asked for is not in the registry

A message names the thing and the remedy. Command lines and components print it as one line; an
exception of any other type that reaches the user is a defect.
"""


class TidegateError(Exception):
    """Base of all errors a user can cause or cure."""


class ContractError(TidegateError):
    """The contract is not valid, or asks for what the data cannot give."""


class SettingsError(TidegateError):
    """The settings that pipelines are to be compiled with are not valid."""


class StorageError(TidegateError):
    """An object store could not be read or written."""


class PreconditionError(StorageError):
    """A conditional write found another version than the one it was to replace."""


class SourceError(TidegateError):
    """Raw data could not be read."""


class MissingSpanError(SourceError):
    """The span asked for is not in the source."""


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
    """What features tell of a label, or what tells spans apart, cannot be measured."""


class LineageError(TidegateError):
    """What an artifact came from is not recorded, or its record was changed."""


class RegistryError(TidegateError):
    """The registry is inconsistent or cannot take the entry."""


class NotRegisteredError(RegistryError):
    """The version asked for is not in the registry."""
