"""Tests of how weights are made. They need torch, which only the extra `train` installs.

Where torch is absent these files are not collected at all: a skip would hide that a run
which should check them does not.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

collect_ignore_glob = [] if find_spec("torch") and find_spec("onnx") else ["test_*.py"]
