"""``python -m sertoli`` is ``sertoli``."""

from sertoli.cli import main

if __name__ == "__main__":
    main()
