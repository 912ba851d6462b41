"""A picture as text: two pixels a character, for terminals far from any screen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RAMP = " .:-=+*#%@"
"""Dark to bright, where the terminal shows no shades."""

FIRST_GREY, GREYS = 232, 24
"""The grey ramp of the terminal's 256 colours."""


def text_picture(
    pixels: npt.NDArray[np.uint8], columns: int, rows: int, *, shades: bool
) -> list[str]:
    """Return a picture as lines of text.

    Parameters
    ----------
    pixels : ndarray, (h, w) or (h, w, 3) uint8
    columns, rows : int
        At most so many characters.
    shades : bool
        Half blocks in grey shades (ANSI 256 colours), two pixels a character; else plain
        characters, from dark to bright.
    """
    import cv2

    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    tall = 2 * rows  # a character is about twice as tall as wide
    zoom = min(columns / width, tall / height)
    size = (max(1, round(width * zoom)), max(2, 2 * round(height * zoom / 2)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.int64)
    if not shades:
        mean = (small[0::2] + small[1::2]) // 2
        return ["".join(RAMP[v * len(RAMP) // 256] for v in row) for row in mean.tolist()]
    shade = (FIRST_GREY + small * GREYS // 256).tolist()
    return [
        "".join(
            f"\x1b[38;5;{top};48;5;{bottom}m▀"
            for top, bottom in zip(shade[row], shade[row + 1], strict=True)
        )
        + "\x1b[0m"
        for row in range(0, len(shade), 2)
    ]
