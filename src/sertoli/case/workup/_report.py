"""What a work-up answers: steps in order, each with its rule, and the advice that follows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sertoli.case.workup._rules import Rule

DISCLAIMER = "Research software, not a medical device."
SCHEMA_VERSION = 1


class Answer(StrEnum):
    """The four answers of a step; two of them are not a yes or a no, and say so."""

    YES = "yes"
    NO = "no"
    SUGGESTS = "suggests"
    INDETERMINATE = "indeterminate"


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    COMPLETE_DATA = "complete_data"
    CLARIFY_EXPOSURE = "clarify_exposure"
    TREAT_RETROGRADE = "retrograde"
    NOT_AZOOSPERMIA = "not_azoospermia"
    GONADOTROPINS_FIRST = "gonadotropins_first"
    TEST_CFTR = "test_cftr"
    AGAINST_SURGERY = "against_surgery"
    COUNSEL = "counsel"
    NO_TESTOSTERONE = "no_testosterone"
    DISCUSS_REPLACEMENT = "discuss_replacement"


@dataclass(frozen=True)
class Advice:
    """A proposal for the andrologist, never an order."""

    kind: AdviceKind
    text: str
    rule: Rule


@dataclass(frozen=True)
class Step:
    """One question of the work-up.

    Parameters
    ----------
    key : str
        Its place in the order: ``0a``, ``1``, ...
    question : str
    answer : Answer
    finding : str
        What the data say, in words, with the values used.
    rules : tuple of Rule
    missing : tuple of str
        Data that would settle or firm up the answer.
    advice : tuple of Advice
    conclusion : str
        The answer as a word for programs, such as ``obstructive``; empty if there is none.
    """

    key: str
    question: str
    answer: Answer
    finding: str
    rules: tuple[Rule, ...]
    missing: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    conclusion: str = ""


@dataclass(frozen=True)
class WorkUp:
    """The whole work-up of a man, in the order of `steps`."""

    steps: tuple[Step, ...]

    def step(self, key: str) -> Step:
        """Return the step of a key."""
        return next(step for step in self.steps if step.key == key)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """All advice, in the order of the steps."""
        return tuple(advice for step in self.steps for advice in step.advice)

    @property
    def missing(self) -> tuple[str, ...]:
        """All that is missing, in the order of the steps, each once."""
        return tuple(dict.fromkeys(item for step in self.steps for item in step.missing))

    @property
    def advises_against_surgery(self) -> bool:
        """Whether a rule speaks against an operation."""
        return any(advice.kind is AdviceKind.AGAINST_SURGERY for advice in self.advice)

    def to_json(self) -> dict[str, Any]:
        """Return the work-up as plain values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "disclaimer": DISCLAIMER,
            "advises_against_surgery": self.advises_against_surgery,
            "steps": [
                {
                    "key": step.key,
                    "question": step.question,
                    "answer": step.answer.value,
                    "conclusion": step.conclusion,
                    "finding": step.finding,
                    "rules": [_rule(rule) for rule in step.rules],
                    "missing": list(step.missing),
                    "advice": [
                        {
                            "kind": advice.kind.value,
                            "text": advice.text,
                            "rule": _rule(advice.rule),
                        }
                        for advice in step.advice
                    ],
                }
                for step in self.steps
            ],
            "missing": list(self.missing),
        }

    def to_text(self) -> str:
        """Return the work-up as lines for a terminal."""
        lines = []
        for step in self.steps:
            lines.append(f"{step.key:<3} {step.question}  ->  {step.answer.value.upper()}")
            lines.append(f"    {step.finding}")
            lines += [f"    * {advice.text} [{advice.rule.source}]" for advice in step.advice]
            lines += [f"    rule: {rule.text} [{rule.source}]" for rule in step.rules]
            if step.missing:
                lines.append(f"    missing: {', '.join(step.missing)}")
            lines.append("")
        return "\n".join([*lines, DISCLAIMER])


def _rule(rule: Rule) -> dict[str, str]:
    return {
        "text": rule.text,
        "source": rule.source.citation,
        "mark": rule.source.mark.value,
        "mark_meaning": rule.source.mark.meaning,
    }
