"""The column that splits is not expected in serving."""

import pyarrow as pa

from tests.support.splitting import judged


def test_the_split_column_is_not_expected_in_serving(tmp_path):
    table = pa.table({"id": list(range(40)), "part": ["train", "eval"] * 20})
    contract = "key: [id]\nsplits: {by: column(part)}\ngates: {min_examples: 1}\n"
    _, expected, _, _ = judged(tmp_path, table, contract)
    out = {f.name: list(f.not_in_environment) for f in expected.feature}
    assert out == {"id": [], "part": ["SERVING"]}
