"""The documents keep up with the program: commands, options, links, index pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sertoli.cli._main import COMMANDS, sertoli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"

PAGES = sorted(DOCS.glob("*.md"))
ALL_PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            for name in [*parameter.opts, *parameter.secondary_opts]:
                if name.startswith("--"):
                    yield name


def undocumented(path: str, command: click.Command, pages: list[str]) -> list[str]:
    """Name the commands and options below ``path`` that no page about them mentions."""
    about = [text for text in pages if re.search(rf"{re.escape(path)}(?![\w-])", text)]
    if not about:
        return [path]
    missing = [
        f"{path} {option}"
        for option in options(command)
        if not any(re.search(rf"(?<![\w-]){option}(?![\w-])", text) for text in about)
    ]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            missing += undocumented(f"{path} {name}", below, pages)
    return missing


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    command = sertoli.get_command(click.Context(sertoli), name)
    assert command is not None
    assert command.name in {name, "command"}
    assert undocumented(f"sertoli {name}", command, [read(page) for page in PAGES]) == []


def test_a_missing_option_or_command_is_noticed() -> None:
    @click.group()
    def tool() -> None: ...

    @tool.command()
    @click.option("--out")
    @click.option("--deep/--shallow")
    def dig(out: str, deep: bool) -> None: ...

    assert undocumented("tool", tool, ["nothing"]) == ["tool"]
    assert undocumented("tool", tool, ["tool"]) == ["tool dig"]
    # `--output` does not document `--out`, nor does a page about something else.
    pages = ["tool dig --output --deep", "tool --out --shallow"]
    assert undocumented("tool", tool, pages) == ["tool dig --out", "tool dig --shallow"]
    assert undocumented("tool", tool, ["tool dig --out, --deep/--shallow"]) == []


def links(text: str) -> Iterator[str]:
    """Give the targets of links and pictures outside of code."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    for match in re.finditer(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", prose):
        yield match.group(1)


def anchors(text: str) -> set[str]:
    """Name the headings as links name them: lower case, hyphens, no punctuation."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    dead = []
    for target in links(read(page)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists() or (
            anchor and place.suffix == ".md" and anchor not in anchors(read(place))
        ):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", ALL_PAGES, ids=named)
def test_no_link_is_dead(page: Path) -> None:
    assert dead_links(page) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One, two\n[ok](#one-two) [ok](https://example.org) `[code](none.md)`\n"
        "[dead](none.md) ![dead](none.png) [dead](#three) [ok](page.md#one-two)\n",
        encoding="utf-8",
    )
    assert dead_links(page) == ["none.md", "none.png", "#three"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "index.md"], ids=named)
def test_every_page_is_in_the_index(page: Path) -> None:
    assert page.name in set(links(read(DOCS / "index.md")))


def test_every_decision_is_in_its_index_under_its_own_number() -> None:
    files = sorted(page.name for page in DECISIONS.glob("*.md") if page.name != "README.md")
    assert sorted(set(links(read(DECISIONS / "README.md")))) == files
    numbers = [name[:3] for name in files]
    assert len(set(numbers)) == len(numbers)
    for name in files:
        assert read(DECISIONS / name).startswith(f"# {name[:3]} · "), name


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "index.md"], ids=named)
def test_the_first_pages_say_what_it_is_not(page: Path) -> None:
    assert "Research software, not a medical device" in read(page)


def test_the_places_of_the_readme_exist() -> None:
    tree = read(ROOT / "README.md").split("## The tree")[1].split("\n## ")[0]
    places = re.findall(r"^\| `([^`]+)`", tree, flags=re.MULTILINE)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_readme_starts_with_make_demo_and_make_test() -> None:
    commands = re.findall(r"^    (\S.*?)(?:\s+#.*)?$", read(ROOT / "README.md"), re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]
