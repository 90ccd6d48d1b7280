"""The platform's settings of pods: a YAML file for compilation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveInt,
    field_validator,
    model_validator,
)

from tidegate.contract.reading import parse
from tidegate.contract.sections import DURATION, Section, duration
from tidegate.core.errors import ContractError, SettingsError
from tidegate.core.text import nearest
from tidegate_kfp import components
from tidegate_kfp.components import images
from tidegate_kfp.defaults import STORAGE_SECRET, Size


def _text(value: Any) -> Any:
    """Convert a number to text.

    YAML has `cpu_limit: 2`, Kubernetes the quantity "2".
    """
    return str(value) if type(value) in (int, float) else value


def _pinned(image: str) -> str:
    name, at, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not at and tag in ("", "latest"):
        raise ValueError("an image needs a digest (@sha256:...) or a tag other than latest; add it")
    return image


_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = rf"{_DNS}(\.{_DNS})*"
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_REPOSITORY = rf"{_NAME}(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
_VERSION = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"

Cpu = Annotated[str, BeforeValidator(_text), Field(pattern=r"^(\d+(\.\d+)?|\d+m)$")]
Bytes = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[1-9]\d*([KMGTPE]i|[MGTPE])?$")]
Name = Annotated[str, Field(pattern=rf"^{_NAME}$", max_length=253)]
Key = Annotated[str, Field(pattern=rf"^({_NAME}/)?{_WORD}$")]
Value = Annotated[str, Field(pattern=rf"^({_WORD})?$")]
Image = Annotated[str, Field(pattern=f"^{_REPOSITORY}{_VERSION}$"), AfterValidator(_pinned)]
#: The tasks that compute on tensors.
Accelerated = Literal["train_model", "evaluate_model"]

#: Labels that `tidegate_kfp/policy.py` and KFP set themselves.
_RESERVED = re.compile(r"^(app\.kubernetes\.io/(part-of|component)$|pipelines?[./])")
_UNITS = {"m": 1e-3, "": 1.0} | {
    letter + suffix: float(base**power)
    for power, letter in enumerate("KMGTPE", start=1)
    for suffix, base in (("i", 1024), ("", 1000))
}


class Sizing(Section):
    """The resources that override a size of `tidegate_kfp/defaults.py`."""

    cpu_request: Cpu | None = None
    cpu_limit: Cpu | None = None
    memory_request: Bytes | None = None
    memory_limit: Bytes | None = None
    scratch: Bytes | None = Field(None, description="Limit of what may be written to /tmp.")
    timeout: str | None = Field(None, pattern=DURATION, description="Such as 90m or 12h.")

    def over(self, size: Size) -> Size:
        """Override the fields of `size` that are set here."""
        given = {name: getattr(self, name, None) for name in Size._fields}
        if self.timeout is not None:
            given["timeout_seconds"] = int(duration(self.timeout).total_seconds())
        return size._replace(**{name: value for name, value in given.items() if value is not None})


class Sizes(Section):
    """The resources by kind of task."""

    small: Sizing = Sizing()
    medium: Sizing = Sizing()
    large: Sizing = Sizing()


class Task(Sizing):
    """The resources of one task; they override its kind."""

    image: Image | None = None


class Images(Section):
    """Image references that override the registry's images."""

    light: Image | None = None
    data: Image | None = None
    ml: Image | None = None


class Toleration(Section):
    """A toleration of a taint, as in Kubernetes."""

    key: Key | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: Value | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    seconds: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _as_kubernetes_has_it(self) -> Toleration:
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("operator Exists takes no value; remove it or say Equal")
        if self.operator == "Equal" and (self.key is None or self.value is None):
            raise ValueError("operator Equal needs key and value; add them or say Exists")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds are counted for effect NoExecute only; remove them")
        return self


class Gpu(Section):
    """Accelerators, and the nodes that have them."""

    resource: Key = "nvidia.com/gpu"
    count: PositiveInt = 1
    tasks: tuple[Accelerated, ...] = Field(("train_model",), min_length=1)
    node_selector: dict[Key, Value] | None = Field(
        None, description="In the place of the general one."
    )
    tolerations: tuple[Toleration, ...] = Field((), description="Beside the general ones.")


class Settings(Section):
    """Every platform-dependent setting of the pods."""

    registry: str | None = Field(
        None, pattern=f"^{_REPOSITORY}$", description="Stands before the images' names."
    )
    images: Images = Images()
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    image_pull_secrets: tuple[Name, ...] = ()
    secret: Name = Field(STORAGE_SECRET, description="Has the credentials for storage.")
    labels: dict[Key, Value] = Field({})
    annotations: dict[Key, str] = Field({})
    node_selector: dict[Key, Value] = Field({})
    tolerations: tuple[Toleration, ...] = ()
    sizes: Sizes = Sizes()
    gpu: Gpu | None = None
    tasks: dict[str, Task] = Field({}, description="By the component's name.")

    @field_validator("labels")
    @classmethod
    def _free(cls, labels: dict[str, str]) -> dict[str, str]:
        for key in labels:
            if _RESERVED.match(key):
                raise ValueError(f"label {key!r} is given by the pipelines themselves; remove it")
        return labels

    @field_validator("tasks")
    @classmethod
    def _known(cls, tasks: dict[str, Task]) -> dict[str, Task]:
        for name in tasks:
            if name not in components.__all__:
                hint = nearest(name, components.__all__)
                raise ValueError(f"no component is named {name!r}{hint}")
        return tasks

    @model_validator(mode="after")
    def _can_compute_on_gpus(self) -> Settings:
        for name in self.gpu.tasks if self.gpu else ():
            if self.images.ml is None and self._task(name).image is None:
                raise ValueError(
                    f"gpu: {name} would run in an image with TensorFlow for CPUs; name one with "
                    f"TensorFlow for GPUs by tasks.{name}.image or images.ml"
                )
        return self

    @classmethod
    def load(cls, path: str | Path) -> Settings:
        """Read settings from a YAML file.

        Raises:
            SettingsError: It cannot be read, or is not valid: one line for each mistake, with file,
                line, key and remedy.
        """
        try:
            return parse(cls, Path(path).read_text(encoding="utf-8"), name=str(path))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise SettingsError(f"settings {path} cannot be read: {reason}") from None
        except ContractError as error:
            raise SettingsError(str(error)) from None

    def at(self, registry: str) -> Settings:
        """Copy the settings with the images in another registry.

        Raises:
            SettingsError: `registry` is not the beginning of an image's name.
        """
        if not re.fullmatch(_REPOSITORY, registry):
            raise SettingsError(
                f"registry {registry!r} is not the beginning of an image's name, "
                "such as registry.example/team"
            )
        return self.model_copy(update={"registry": registry})

    def image(self, component: str, image: str) -> str:
        """The image reference of a component.

        Args:
            component: Its name, such as train_model.
            image: Its name in `components/images.py`.
        """
        own = self.images
        of_kind = {images.LIGHT: own.light, images.DATA: own.data, images.ML: own.ml}[image]
        prefix = f"{self.registry}/" if self.registry else ""
        return self._task(component).image or of_kind or prefix + image

    def size(self, component: str, size: Size) -> Size:
        """The resources of a component.

        Args:
            component: Its name, such as train_model.
            size: One of `tidegate_kfp/defaults.py`.

        Raises:
            SettingsError: More is requested than the limit allows.
        """
        given = self._task(component).over(getattr(self.sizes, size.kind).over(size))
        for what in ("cpu", "memory"):
            request, limit = (getattr(given, f"{what}_{end}") for end in ("request", "limit"))
            if _number(request) > _number(limit):
                raise SettingsError(
                    f"settings: {component} requests {request} of {what} and may use {limit}; set "
                    f"{what}_request or {what}_limit in sizes.{size.kind} or tasks.{component}"
                )
        return given

    def accelerated(self, component: str) -> Gpu | None:
        """The accelerators of a component, or None."""
        return self.gpu if self.gpu and component in self.gpu.tasks else None

    def _task(self, component: str) -> Task:
        return self.tasks.get(component, Task())


def _number(quantity: str) -> float:
    number = quantity.rstrip("mKMGTPEi")
    return float(number) * _UNITS[quantity[len(number) :]]


#: The settings of the compiled pipelines in this repository.
DEFAULT: Final = Settings()
