"""The truth of a simulated dish as COCO."""

from __future__ import annotations

from typing import Any

from sertoli.frames import Frame
from sertoli.phantom.render import OBSCURED_SPERM, Shown
from sertoli.phantom.world import CellKind

CATEGORIES = (*(str(kind) for kind in CellKind), OBSCURED_SPERM)
"""Class names; category ids count from 1 in this order."""


class DishTruth:
    """Collects what each frame shows and gives it as one COCO document.

    Boxes are ``[x, y, width, height]`` in px: of the head for sperm, of the body for
    the rest. ``track_id`` numbers things in order of first sight. Images carry
    ``frame``, ``time_s``, ``um_per_px`` and ``stage_um``; annotations carry
    ``motility``, ``length_um``, ``width_um`` and ``defocus_um``.
    """

    def __init__(self, description: str) -> None:
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._tracks: dict[int, int] = {}
        self._description = description

    def add(self, frame: Frame, shown: tuple[Shown, ...], file_name: str) -> None:
        """Add a frame's truth."""
        image_id = len(self._images) + 1
        self._images.append(
            {
                "id": image_id,
                "file_name": file_name,
                "frame": frame.index,
                "width": frame.width_px,
                "height": frame.height_px,
                "time_s": frame.time_s,
                "um_per_px": frame.optics.um_per_px,
                "stage_um": frame.stage_um,
            }
        )
        for thing in shown:
            x, y, w, h = (round(v, 2) for v in thing.box_px)
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image_id,
                    "category_id": CATEGORIES.index(thing.label) + 1,
                    "bbox": [x, y, w, h],
                    "area": round(w * h, 2),
                    "iscrowd": 0,
                    "track_id": self._tracks.setdefault(thing.cell.number, len(self._tracks) + 1),
                    "motility": str(thing.motility) if thing.cell.kind is CellKind.SPERM else None,
                    "length_um": round(thing.cell.length_um, 3),
                    "width_um": round(thing.cell.width_um, 3),
                    "defocus_um": round(thing.defocus_um, 3),
                }
            )

    def to_coco(self) -> dict[str, Any]:
        """Return the COCO document."""
        return {
            "info": {
                "description": self._description,
                "synthetic": True,
                "note": "Simulated, no patient's. Research software, not a medical device.",
            },
            "categories": [
                {"id": number, "name": name} for number, name in enumerate(CATEGORIES, start=1)
            ],
            "images": self._images,
            "annotations": self._annotations,
        }
