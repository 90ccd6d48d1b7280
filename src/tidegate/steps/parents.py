"""The steps' inputs as lineages: source objects, contracts, registry versions."""

from __future__ import annotations

import json
from pathlib import Path

from tidegate.contract import Contract
from tidegate.core.errors import LineageError
from tidegate.data.sources import Inputs, SpanPattern, lookups
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node
from tidegate.platform.registry import Entry


def of_contract(contract: Contract, uri: str) -> Lineage:
    """The lineage of the contract at its URI."""
    facts = {"dataset": contract.dataset}
    return Lineage.of(Node("contract", lineage.uri(uri), contract.digest, facts))


def of_sources(contract: Contract, examples: Path) -> list[Lineage]:
    """The lineages of the objects in the examples' manifest.

    They include the look-ups' objects.

    Raises:
        LineageError: the manifest cannot be read.
    """
    file = examples / "manifest.json"
    try:
        manifest = json.loads(file.read_bytes())
        given = [("object", SpanPattern(contract.source_uri).root, manifest["objects"])]
        joined = zip(contract.joins, manifest["lookups"], strict=True)
        given += [("lookup", lookups.root(contract, join), objects) for join, objects in joined]
        return [
            Lineage.of(
                Node(
                    kind, lineage.uri(root, found["name"]), found["sha256"], {"size": found["size"]}
                )
            )
            for kind, root, objects in given
            for found in objects
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LineageError(f"{file} does not say what it was read from: {error!r}") from None


def of_inputs(inputs: Inputs) -> list[Lineage]:
    """The lineages of objects that are read without making examples."""
    return [
        Lineage.of(Node("object", lineage.uri(inputs.root, o.name), o.sha256, {"size": o.size}))
        for o in inputs.objects
    ]


def of_version(entry: Entry) -> Lineage:
    """The lineage of a version fetched from the registry.

    The registry knows the version's own lineage.
    """
    facts = {"kind": entry.kind, "span": entry.span}
    return Lineage.of(Node("registered", f"{entry.kind} {entry.version}", entry.digest, facts))


def check_publishable(
    model: Lineage, evaluation: Lineage, *, content_digest: str, contract_digest: str
) -> None:
    """Refuse a model whose lineage does not reach its source objects.

    Raises:
        LineageError: the inputs of the model or its evaluation were not recorded, reach no source
            object, are of other data or another contract than the run's, or the evaluation judged
            another model or other examples.
    """
    for of in (model, evaluation):
        for node in of.nodes.values():
            if node.facts.get("recorded") is False:
                raise LineageError(
                    f"it is not recorded what the {node.kind} {node.name!r} was made from; make it "
                    "again (without the cache), so that the model's lineage reaches its data"
                )
    examples = _parents(model, "examples")
    if not examples or not model.of_kind("object"):
        raise LineageError(
            "the lineage of the model does not reach source objects; train it on examples that "
            "ingest_examples made"
        )
    if _parents(evaluation, "examples") != examples:
        raise LineageError(
            "the evaluation judged the model on other examples than it was trained on; evaluate it "
            "on those of its own span"
        )
    if _parents(evaluation, "model") != {model.root.digest}:
        raise LineageError("the evaluation is of another model than the one to publish")
    for what, wanted, found in (
        ("data", content_digest, {str(n.facts.get("content")) for n in _nodes(model, "examples")}),
        ("contract", contract_digest, {n.digest for n in _nodes(model, "contract")}),
    ):
        if found != {wanted}:
            digests = ", ".join(sorted(digest[:12] for digest in found)) or "none"
            raise LineageError(
                f"the model was made from other {what} than this run is about ({digests} and not "
                f"{wanted[:12]}); train it again"
            )


def _nodes(of: Lineage, kind: str) -> list[Node]:
    return [node for node in of.parents(of.root) if node.kind == kind]


def _parents(of: Lineage, kind: str) -> set[str]:
    return {node.digest for node in _nodes(of, kind)}
