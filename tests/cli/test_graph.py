"""`lazyscope graph` writes a picture, or says in one line why not and keeps its source."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import sample_traces
from lazyscope.cli.main import main
from lazyscope.report.graphs import rendering

needs_renderer = pytest.mark.skipif(rendering.renderer() is None, reason="no dot and no graphviz-pure")


def graph(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["graph", *(str(argument) for argument in arguments)])


@pytest.fixture
def kmeans(tmp_path: Path) -> Path:
    return sample_traces.kmeans().save(tmp_path / "kmeans.lazy")


@pytest.fixture
def without_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "renderer", lambda kind="svg": None)


@needs_renderer
@pytest.mark.parametrize("view", ["program", "dataflow", "layers"])
def test_svg_is_well_formed(kmeans: Path, tmp_path: Path, view: str) -> None:
    result = graph(kmeans, "-o", tmp_path / "k.svg", "--view", view)
    assert (result.exit_code, result.output) == (0, "")
    assert ElementTree.parse(tmp_path / "k.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


@needs_renderer
def test_png_is_a_png(kmeans: Path, tmp_path: Path) -> None:
    assert graph(kmeans, "-o", tmp_path / "k.png").exit_code == 0
    assert (tmp_path / "k.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.skipif(rendering.renderer("pdf") is None, reason="only Graphviz itself draws PDF")
def test_pdf_is_a_pdf(kmeans: Path, tmp_path: Path) -> None:
    assert graph(kmeans, "-o", tmp_path / "k.pdf").exit_code == 0
    assert (tmp_path / "k.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.usefixtures("without_renderer")
def test_dot_needs_nobody_to_draw_it(kmeans: Path, tmp_path: Path) -> None:
    assert graph(kmeans, "-o", tmp_path / "k.dot").exit_code == 0
    assert (tmp_path / "k.dot").read_text().startswith('digraph "lazyscope-program" {')


@pytest.mark.usefixtures("without_renderer")
def test_without_a_renderer_the_source_is_kept(kmeans: Path, tmp_path: Path) -> None:
    result = graph(kmeans, "-o", tmp_path / "k.svg")
    assert result.exit_code == 2
    assert result.stderr == (
        f"lazyscope: {tmp_path / 'k.svg'} was not drawn: no renderer for graphs was found: "
        "install Graphviz so that `dot` is on the PATH, or `python -m pip install graphviz-pure`. "
        f"The graph is in {tmp_path / 'k.dot'}\n"
    )
    assert (tmp_path / "k.dot").read_text().startswith("digraph")
    assert not (tmp_path / "k.svg").exists()


def test_nothing_is_overwritten_unasked(kmeans: Path, tmp_path: Path) -> None:
    target = tmp_path / "k.dot"
    target.write_text("mine")
    refused = graph(kmeans, "-o", target)
    assert (refused.exit_code, target.read_text()) == (2, "mine")
    assert refused.stderr.endswith("exists and would be lost: give another name with -o, or --overwrite\n")
    assert graph(kmeans, "-o", target, "--overwrite").exit_code == 0
    assert target.read_text().startswith("digraph")


def test_the_layers_of_any_force_can_be_drawn(kmeans: Path, tmp_path: Path) -> None:
    assert graph(kmeans, "-o", tmp_path / "k.dot", "--view", "layers", "--force", "4").exit_code == 0
    assert "force 4" in (tmp_path / "k.dot").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "k.gif"], "no picture format for k.gif: the name must end in .svg, .png, .pdf or .dot"),
        (["-o", "k.dot", "--view", "layers", "--force", "99"], "the trace has no force 99: its forces"),
        (["-o", "k.dot", "--force", "3"], "--force chooses what --view layers draws; add --view layers"),
        ([], "Missing option '-o'"),
    ],
)
def test_bad_input_gets_one_line(kmeans: Path, arguments: list[str], message: str) -> None:
    result = graph(kmeans, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"lazyscope: {message}")
    assert result.stderr.count("\n") == 1


def test_without_source_no_line_is_shown(kmeans: Path, tmp_path: Path) -> None:
    assert graph(kmeans, "-o", tmp_path / "k.dot", "--no-source").exit_code == 0
    text = (tmp_path / "k.dot").read_text()
    assert "np.asarray" not in text
    assert "_vq_impl.py" in text
