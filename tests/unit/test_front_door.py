"""What a stranger sees first: README's figures, the map of CONTRIBUTING, workflows and forms."""

import configparser
import json
import re
import tomllib
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from benchmarks.performance import cheapest, read
from tests.unit.test_docs import attacks

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
SCRIPTS = re.compile(r"(?<![\w./-])((?:scripts|\.ci)/[\w.-]+)")
ACTIONS = {"checkout", "setup-python", "setup-node", "cache", "upload-artifact"}


def parsed(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_readme_says_what_the_largest_network_took() -> None:
    found = read("imagenet")
    threads = {1: "one thread", 2: "two threads"}[found["machine"]["threads"]]
    said = one_line(README)
    assert f"{found['prove_seconds']} s on {threads}" in said
    assert f"{found['peak_gib']} GiB of memory, {found['proof_bytes']:,} bytes" in said
    assert f"verified in {1000 * found['verify_seconds']:.0f} ms" in said


def test_readme_says_what_a_digit_costs() -> None:
    verification = json.loads((ROOT / "snapshots/verification.json").read_text())
    runs = read("batching_runs")["runs"]
    best, first = cheapest(runs), next(run for run in runs if run["input_mode"] == "public")
    said = one_line(README)
    assert f"a quiet one proves in {median(first['prove_seconds']):.1f} s" in said
    assert f"**A digit for {verification['digits, 1 public']:,} gas** to verify" in said
    gas = best["deliver_gas"] / best["batch"]
    assert f"{gas:,.0f} a digit, verified and paid, where {best['batch']} share" in said


def test_readme_counts_the_attacks_that_security_names() -> None:
    contracts, clients = len(attacks("On the contracts")), len(attacks("On the clients"))
    said = one_line(README)
    assert f"**{contracts + clients} attacks tried**: {contracts} on the contracts" in said
    assert f"and {clients} on the clients" in said


def test_readme_counts_the_random_calls_of_the_deep_tests() -> None:
    deep = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["deep"]["invariant"]
    shared = (ROOT / "tests/forge/common/JobInvariants.sol").read_text()
    sources = (ROOT / "tests/forge").rglob("*.t.sol")
    contracts = sum(path.read_text().count(" is JobInvariants {") for path in sources)
    calls = deep["runs"] * deep["depth"] * contracts * shared.count("function invariant_")
    assert contracts == 4
    assert f"{calls:,} random calls to the four contracts" in one_line(README)
    assert json.loads((ROOT / "snapshots/deep.json").read_text())["forge"]["passed"]


def test_readme_shows_the_steps_of_the_demo() -> None:
    source = (ROOT / "scripts/demos/predictions.py").read_text()
    source += (ROOT / "scripts/demos/shared.py").read_text()
    told = [" ".join(words) for words in re.findall(r'step\(\w+, "(.+?)", "(.+?)"\)', source)]
    shown = re.findall(r"^\d\. (.+)$", README, re.MULTILINE)
    assert len(shown) == 6
    assert shown == told


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")))
def test_pictures_are_well_formed(picture: Path) -> None:
    assert ElementTree.fromstring(picture.read_text()).tag.endswith("svg")  # noqa: S314  ours


def test_the_flow_is_told_in_words_and_reads_in_the_dark() -> None:
    text = (ROOT / "docs/flow.svg").read_text()
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    for name in ("title", "desc"):
        assert ElementTree.fromstring(text).find(f"{{*}}{name}") is not None  # noqa: S314  ours
    colours = re.compile(r"^ *(\.[\w-]+|text) {.*?(?:fill|stroke): #", re.MULTILINE)
    assert set(colours.findall(light)) == set(colours.findall(dark)) != set()


def test_the_blocks_of_contributing_call_scripts_that_exist() -> None:
    for document in ("CONTRIBUTING.md", "docs/RELEASING.md"):
        named = SCRIPTS.findall((ROOT / document).read_text())
        assert named
        assert [path for path in named if not (ROOT / path).exists()] == []


def test_contributing_has_a_row_for_each_room() -> None:
    rooms = [one for one in (ROOT / "prover").iterdir() if (one / "__init__.py").exists()]
    assert len(rooms) > 5
    assert [one.name for one in rooms if f"| `prover/{one.name}/` |" not in CONTRIBUTING] == []


def test_contributing_lists_the_rooms_as_their_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    height = {name: at for at, layer in enumerate(layers) for name in layer.split(" | ")}
    shown = re.findall(r"^\| `prover/(\w+)/` \|", CONTRIBUTING, re.MULTILINE)
    assert [height[name] for name in shown] == sorted(height.values())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_only_read_and_call_scripts_that_exist(workflow: Path) -> None:
    found = parsed(workflow)
    assert found["permissions"] == {"contents": "read"}
    steps = [step for job in found["jobs"].values() for step in job["steps"]]
    runs = [step["run"] for step in steps if "run" in step]
    assert runs
    for run in runs:
        script = SCRIPTS.match(run)
        assert script, run
        assert (ROOT / script[1]).stat().st_mode & 0o111, run


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_use_the_actions_of_the_host_alone(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)", workflow.read_text())
    matches = [re.fullmatch(r"actions/([a-z-]+)@v\d+", action) for action in used]
    assert used
    assert {match[1] if match else "" for match in matches} <= ACTIONS


def test_the_deep_workflow_runs_every_part_each_night() -> None:
    found = parsed(ROOT / ".github/workflows/deep.yml")
    parts = re.findall(r'^    "([\w-]+)": Part\(', (ROOT / "scripts/deep.py").read_text(), re.M)
    assert found["jobs"]["deep"]["strategy"]["matrix"]["part"] == parts
    assert "cron" in found[True]["schedule"][0]  # YAML takes the key `on` for a truth value


def test_the_test_workflow_runs_the_pythons_that_are_promised() -> None:
    jobs = parsed(ROOT / ".github/workflows/test.yml")["jobs"]
    assert jobs["suite"]["strategy"]["matrix"]["python"] == ["3.11"]
    assert jobs["package"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_forms_have_what_the_host_asks_for(form: Path) -> None:
    found = parsed(form)
    if form.stem == "config":
        assert found["blank_issues_enabled"] is False
        assert all(link["url"].startswith("https://") for link in found["contact_links"])
        return
    assert {"name", "description", "body"} <= found.keys()
    fields = [item for item in found["body"] if item["type"] != "markdown"]
    assert fields
    assert all(item["attributes"]["label"] for item in fields)
    assert len({item["id"] for item in fields}) == len(fields)


def test_editors_are_told_what_the_formatters_want() -> None:
    reader = configparser.ConfigParser()
    reader.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    prettier = json.loads((ROOT / ".prettierrc").read_text())["overrides"][0]["options"]
    assert reader["*.py"].getint("max_line_length") == ruff["line-length"]
    assert reader["*.{sol,md}"].getint("max_line_length") == prettier["printWidth"]
    assert reader["*"].getint("indent_size") == prettier["tabWidth"]


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    crate = tomllib.loads((ROOT / "native/Cargo.toml").read_text())["package"]["version"]
    package = json.loads((ROOT / "package.json").read_text())["version"]
    noted = re.findall(r"^## \[(\d[\w.-]*)\]", CHANGELOG, re.MULTILINE)[0]
    assert project == crate == package == noted
