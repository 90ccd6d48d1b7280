"""Rules in a contract: mistakes are named."""

import pytest

from tidegate.contract import Contract
from tidegate.core.errors import ContractError

CONTRACT = "dataset: d\nsource: {uri: URI, format: csv}\nkey: [id]\n"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("  - {name: a}\n", "rules[0]: rule 'a' needs either check or select"),
        ("  - {name: a, check: x, select: y}\n", "needs either check or select"),
        ("  - {name: a, select: x, where: y}\n", "rule 'a': where goes with check"),
        ("  - {name: A b, check: x}\n", "rules[0].name: "),
        ("  - {name: a, chek: x}\n", "unknown key 'rules[0].chek'; did you mean 'check'?"),
        ("  - {name: a, check: x, severity: error}\n", "rules[0].severity: "),
        ("  - {name: a, check: x, max_failing: 1.5}\n", "rules[0].max_failing: "),
        ("  - {name: a, check: x, over: rows}\n", "rules[0].over: "),
        ("  - {name: a, check: x}\n  - {name: a, check: y}\n", "rules has 'a' more than once"),
    ],
)
def test_mistakes_in_the_contract_are_named(rules, message):
    with pytest.raises(ContractError) as caught:
        Contract.parse(CONTRACT + "rules:\n" + rules)
    assert message in str(caught.value)
