"""Where things lie beside the tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
"""data beside a maintainer's checkout; tests that read it skip without it"""
GOLDEN = ROOT / "tests" / "golden" / "data"
