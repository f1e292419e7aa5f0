"""Build the wheel and the source archive into dist/, and prove them in a clean environment outside the checkout.

Usage, which ``make dist`` is:
    python scripts/dist.py            # build and prove
    python scripts/dist.py --build    # build only

The archives are made of a copy of the checkout, so nothing that an earlier build left behind gets in. The proof builds
a wheel of the source archive and compares it with the other one; it installs the wheel with the versions of
constraints.txt and asks it a question, which is answered from records without torch; then it installs ``[model]``, and
the embedded model answers.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
NOT_SOURCE = shutil.ignore_patterns(".*", "build", "dist", "runs", "*.egg-info", "__pycache__", "tests", "docs")
NEEDED = ("biomed_agent/py.typed", "biomed_agent/data/starter/", "biomed_agent/data/mini/manifest.json")
LICENCES = ("LICENSE", "LICENSE-DATA", "LICENSE-WEIGHTS")
QUESTION = "What is the molecular weight of aspirin?"
ANSWER = "180.16"
UNKNOWN = "smiles:CC(Nc1nc(-c2ccccc2)nc2ccccc12)C1CC1"
"""a molecule that no record here describes"""


def copy_source(folder: Path) -> Path:
    """Copy what the package is built of into ``folder / "source"`` and return that."""
    return Path(shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=NOT_SOURCE))


def build_wheel(source: Path, output: Path) -> Path:
    """Build the wheel of an unpacked source into a folder, with the setuptools of this environment."""
    command = [sys.executable, "-m", "pip", "wheel", str(source), "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(output)], check=True)
    (path,) = output.glob("*.whl")
    return path


def build_archive(source: Path, output: Path) -> Path:
    """Build the source archive (sdist) into a folder, with ``build`` where that is installed."""
    if importlib.util.find_spec("build"):
        command = ["-m", "build", "--sdist", "--no-isolation", "--outdir", str(output), str(source)]
    else:
        code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
        command = ["-c", code, str(output)]
    subprocess.run([sys.executable, *command], cwd=source, check=True, stdout=subprocess.DEVNULL)
    (path,) = output.glob("*.tar.gz")
    return path


def contents(wheel: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a wheel by its name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def check_names(names: set[str]) -> None:
    """Check that a wheel claims one name, and carries its data and licences.

    Raises:
        AssertionError: It does not.
    """
    tops = {name.split("/")[0] for name in names}
    assert tops == {"biomed_agent", next(top for top in tops if top.endswith(".dist-info"))}, tops
    for needed in NEEDED:
        assert any(name.startswith(needed) for name in names), needed
    for licence in LICENCES:
        assert any(name.endswith(f"licenses/{licence}") for name in names), licence


def build(folder: Path) -> tuple[Path, Path]:
    """Build the wheel and the source archive into ``folder`` and return both."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("biomed_agent-*.whl"), *folder.glob("biomed_agent-*.tar.gz")):
        old.unlink()
    with tempfile.TemporaryDirectory() as work:
        source = copy_source(Path(work))
        return build_wheel(source, folder), build_archive(source, folder)


class Environment:
    """A fresh virtual environment that knows nothing of the checkout.

    Args:
        folder: Where it is made, with a home, a cache and a working folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "venv", with_pip=True)
        self.bin, self.work = folder / "venv" / "bin", folder / "work"
        self.work.mkdir()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("BIOMED_AGENT", "PYTHON"))
        }
        self.variables = {**inherited, "HOME": str(folder), "BIOMED_AGENT_CACHE_DIR": str(folder / "cache")}

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment outside the checkout and return what it wrote.

        Raises:
            SystemExit: It failed; its output is printed.
        """
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(command, cwd=self.work, env=self.variables, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def install(self, requirement: str) -> None:
        """Install with the versions of constraints.txt."""
        self.run("python", "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), requirement)

    def ask(self, *arguments: str) -> dict[str, Any]:
        """Ask the installed command a question and return the answer it writes as JSON."""
        answer: dict[str, Any] = json.loads(self.run("biomed-agent", "ask", *arguments, "--offline", "--json"))
        return answer

    def has(self, module: str) -> bool:
        """Whether a module can be imported there."""
        code = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
        return self.run("python", "-c", code).strip() == "True"


def prove_without_extras(there: Environment, wheel: Path) -> str:
    """Install the wheel alone and ask it for a value."""
    there.install(str(wheel))
    file = there.run("python", "-c", "import biomed_agent; print(biomed_agent.__file__)").strip()
    assert file.startswith(str(there.bin.parent)), file
    assert not there.has("torch")
    assert f"{ANSWER} g/mol" in there.run("biomed-agent", "ask", QUESTION, "--offline", "--model", "none")
    return f"without extras and torch it answers {QUESTION!r}: {ANSWER} g/mol"


def prove_with_model(there: Environment, wheel: Path) -> str:
    """Install the wheel's model side and ask the embedded model to describe a molecule."""
    there.install(f"{wheel}[model]")
    answer = there.ask("Describe it.", "--molecule", UNKNOWN, "--model-too", "--model-said")
    model = answer["model"]
    assert model is not None and model["stamp"]["name"] == "biomed-agent-mini", answer["warnings"]
    assert model["claims"], model
    return f"with [model] {model['stamp']['name']} {model['stamp']['revision']} answers"


def prove_archive(archive: Path, wheel: Path, folder: Path) -> str:
    """Build a wheel of the source archive and compare it with the wheel of the checkout."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    (output := folder / "wheel").mkdir()
    of_archive, of_checkout = contents(build_wheel(source, output)), contents(wheel)
    differing = {
        name for name in of_archive.keys() | of_checkout.keys() if of_archive.get(name) != of_checkout.get(name)
    }
    assert not differing, f"the source archive builds another wheel: {sorted(differing)[:10]}"
    return f"the source archive builds the same {len(of_checkout)} files"


def main() -> None:
    """Build, prove, and say what was proved."""
    wheel, archive = build(DIST)
    check_names(set(contents(wheel)))
    for path in (wheel, archive):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB", flush=True)
    if "--build" in sys.argv[1:]:
        return
    if importlib.util.find_spec("twine"):
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(archive)], check=True)
    print("Proving them in a clean environment (torch is installed there; a minute or two) ...", flush=True)
    with tempfile.TemporaryDirectory() as work:
        folder, begin = Path(work), time.monotonic()
        (unpacked := folder / "archive").mkdir()
        there = Environment(folder)
        proofs = (
            lambda: prove_archive(archive, wheel, unpacked),
            lambda: prove_without_extras(there, wheel),
            lambda: prove_with_model(there, wheel),
        )
        for proof in proofs:
            print(f"  proved: {proof()}", flush=True)
        print(f"All in {time.monotonic() - begin:.0f} s, outside the checkout.")


if __name__ == "__main__":
    main()
