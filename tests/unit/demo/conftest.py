import sys
from pathlib import Path

# What judges pods' security is with the tests of the installation.
sys.path.append(str(Path(__file__).parents[1] / "install"))
