"""``python -m biomed_agent`` is the command ``biomed-agent``."""

from __future__ import annotations

import sys

from biomed_agent.cli import main

if __name__ == "__main__":
    sys.exit(main())
