"""The KFP artifact types of Tidegate, each with its files.

KFP accepts only schema titles of its own (`system.*`), and its UI draws only those, so each type
keeps its base's title. The subclasses document the files and make a component's signature show what
it takes; this module is the only one in the engine that knows KFP.

Beside the files named, each holds a `lineage.json`: its lineage, down to the source objects
(`tidegate.platform.lineage`).
"""

from __future__ import annotations

from kfp import dsl


class Examples(dsl.Dataset):
    """Rows divided into splits, as Parquet.

    Files:
        manifest.json: span, digests, columns and types, rows and SHA-256 of every file.
        train/part-*.parquet, eval/part-*.parquet: the rows, in row groups of 65,536.
        quarantine.jsonl: records that could not be read, where the contract sets them aside.

    Metadata: `span`, `rows`, `content_digest`, rows `dropped` into the gap of a split by time,
    how many `bad_records` were set aside, and under `shared` how many values of the key stand in
    more than one split.
    """


class Statistics(dsl.Artifact):
    """TFDV's statistics of every column, for all rows and each split.

    Files:
        statistics.pb: a `tfmd.DatasetFeatureStatisticsList` with datasets all, train and eval.
        slices.pb: the same with a dataset for each slice, where the contract names slices.
        sample.parquet: some of the rows, features and label only, unless the contract keeps none.
        statistics.json: span, digests and versions.

    Metadata: `span`, `rows`, `columns`.
    """


class Schema(dsl.Artifact):
    """The expected types, presence and values of the data.

    Files:
        schema.pbtxt: a `tfmd.Schema` with environments TRAINING and SERVING.
        proposal.json: what was approved, with its evidence; not of a first schema.

    Metadata: `digest`, `inferred` (true when no schema was registered yet).
    """


class Validation(dsl.Artifact):
    """The verdict on one span's data.

    Files:
        validation.json: verdict, findings, and the distance of every feature to the baseline.
        anomalies.pbtxt: TFDV's own `tfmd.Anomalies`.
        proposal/: how the schema would have to change for the data to fit, where it does not.

    Metadata: `span`, `verdict`.
    """


class Shift(dsl.Artifact):
    """The shift between the rows of two spans.

    Files:
        shift.json: the AUC of a classifier and of every feature, and how the label changed.

    Metadata: `significant`, whether the classifier does better than a coin.
    """


class Skew(dsl.Artifact):
    """The verdict on the data models received in production.

    Files:
        skew.json: verdict, findings, every column's place on both sides, how rows were joined, what
            differs by key, and the distance of every feature, over all rows and by slice.
        quarantine.jsonl: logged records that could not be read, where the contract sets them aside.

    Metadata: `verdict`.
    """


class Model(dsl.Model):
    """A trained model that takes raw features.

    Files:
        saved_model/: a TensorFlow SavedModel with the signatures serving_default (raw features)
            and serve_tf_examples (serialized tf.Example).
        model.json: task, classes, features, parameters, history and origin.

    Metadata: `framework`, `task`, `span`.
    """


class Evaluation(dsl.Artifact):
    """The verdict on one model.

    Files:
        evaluation.json: verdict, metrics overall and by slice, with intervals.
        model.sha256: the digest of the model that was judged; only that one can be published.

    Metadata: `span`, `verdict`.
    """


class Signal(dsl.Artifact):
    """The signal of every column about the label.

    Files:
        signal.json: information, suspects, redundant pairs, suggestions; importance to a model.

    Metadata: `leak_suspects` and `suggested_to_drop`, names of features.
    """
