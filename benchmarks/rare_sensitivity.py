"""What the simulated dishes tell of the detector's sensitivity, for `sertoli.search.hidden`.

Written by ``python -m benchmarks.rare_sperm --sensitivity FILE``: for every dish how probable the
detector held each sperm that could be seen (0 where there was no candidate), so that hits can be
counted at any confidence.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rare_dishes import LOWEST_PROBABILITY, DishRecord

PLACE = Path("src/sertoli/weights/sperm-sensitivity.json")


def write_sensitivity(records: Sequence[DishRecord], weights_sha256: str, path: Path) -> None:
    """Write the file; a dish without a sperm that can be seen tells nothing and is left out."""
    dishes = [
        {
            "modality": record.modality,
            "probability": [round(float(p), 3) for p in sorted(record.doped_probability)],
        }
        for record in records
        if len(record.doped_probability)
    ]
    head = {
        "what": "SYNTHETIC: sperm planted in simulated testicular dishes and how probable the "
        "detector held each of those that could be seen, dish by dish",
        "command": "python -m benchmarks.rare_sperm",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "weights_sha256": weights_sha256,
        "lowest_confidence": LOWEST_PROBABILITY,
    }
    lines = ",\n".join(json.dumps(dish) for dish in dishes)
    text = f'{json.dumps(head, indent=1)[:-2]},\n "dishes": [\n{lines}\n]}}\n'
    path.write_text(text, encoding="utf-8", newline="\n")
