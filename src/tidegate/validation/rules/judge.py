"""Judge a contract's rules; a rule that cannot be judged holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.contract import Contract, Rule
from tidegate.core.text import percent
from tidegate.core.verdict import Finding
from tidegate.validation.rules.database import Database, QueryError, check_condition, one_select
from tidegate.validation.rules.names import mentioned
from tidegate.validation.rules.result import Rows, RuleResult


def judge(contract: Contract, database: Database) -> list[RuleResult]:
    """Judge every rule, in the contract's order.

    A rule that is off is not run; its result has no rows.

    Args:
        contract: The contract with rules and key.
        database: The span's rows and statistics.
    """
    return [_judged(rule, contract, database) for rule in contract.rules]


def _judged(rule: Rule, contract: Contract, database: Database) -> RuleResult:
    rows, problem = None, ""
    if rule.severity != "off":
        try:
            rows = _rows(rule, contract, database)
        except QueryError as error:
            problem = str(error)
    return RuleResult(
        name=rule.name,
        description=rule.description,
        severity=rule.severity,
        over=rule.over,
        sql=rule.sql,
        allowed=rule.allowed(rows.of if rows else 0),
        rows=rows,
        problem=problem,
    )


def _rows(rule: Rule, contract: Contract, database: Database) -> Rows:
    columns = database.columns(rule.over)
    if not columns:
        raise QueryError("it needs rows, and there are only statistics; give the data itself")
    if rule.check is None:
        query = database.bound(one_select(rule.select or ""), rule.over)
        return database.returned(query, of=database.num_rows(rule.over), show=rule.show)
    check, where = rule.check, rule.where or "true"
    for condition in (check, where):
        check_condition(condition)
    check, where = database.bound(check, rule.over), database.bound(where, rule.over)
    for condition in (check, where):
        kind = next(iter(database.described(f"SELECT ({condition}\n) FROM {rule.over}").values()))  # noqa: S608
        if kind != "BOOLEAN":
            raise QueryError(f"{' '.join(condition.split())!r} is {kind}, not true or false")
    for name in rule.show or ():
        if name not in columns:
            raise QueryError(f"show names {name!r}, which {rule.over} does not have")
    key = database.identity(contract) if rule.over == "examples" else ["name"]
    named = mentioned(f"{rule.check} {rule.where or ''}", columns)
    shown = dict.fromkeys([*key, *named]) if rule.show is None else rule.show
    return database.failing(
        rule.over, f"(({check}\n) IS NOT TRUE)", where=where, show=tuple(shown), by=key
    )


def rule_findings(results: Sequence[RuleResult]) -> Iterator[Finding]:
    """Report the rules that do not pass.

    A rule that could not be judged is as severe as if it had failed, and at least a warning.
    """
    for result in results:
        phrase = f" ({result.description.rstrip('. ')})" if result.description else ""
        subject = f"rule {result.name!r}{phrase}"
        severity = result.severity
        if result.state == "not_evaluated":
            yield Finding(
                "rule_not_evaluated",
                result.name,
                "hold" if severity == "hold" else "warn",
                f"{subject} cannot be judged: {result.problem}; correct the rule, or the source",
            )
        elif result.state == "empty":
            yield Finding(
                "rule_without_rows",
                result.name,
                "warn",
                f"{subject} is about none of the rows: its where is true of none; correct it, or "
                "remove the rule",
            )
        elif result.state == "fail" and result.rows is not None:
            yield Finding(
                "rule_failed",
                result.name,
                "hold" if severity == "hold" else "warn" if severity == "warn" else "info",
                f"{subject} fails in {_counted(result, result.rows)}{_example(result.rows)}; "
                "fix the source, or change the rule",
            )


def _counted(result: RuleResult, rows: Rows) -> str:
    noun = "row" if result.over == "examples" else "column"
    limit = f"{result.allowed:,} may" if result.allowed else "none may"
    return f"{rows.failing:,} of {rows.of:,} {noun}s ({percent(rows.share)}), and {limit}"


def _example(rows: Rows) -> str:
    if not rows.sample:
        return ""
    values = zip(rows.columns, rows.sample[0], strict=True)
    shown = ", ".join(f"{c} {'missing' if v is None else v}" for c, v in list(values)[:6])
    return f": for example {' '.join(shown.split())}"
