"""A clearer, larger, steadier view, in which nothing is drawn that was not recorded."""

from sertoli.enhance._deblur import deblur
from sertoli.enhance._enhanced import Enhanced, Mask
from sertoli.enhance._file import Written, enhance_source
from sertoli.enhance._fuse import fuse_focus
from sertoli.enhance._glare import glare_mask
from sertoli.enhance._light import LightChain, LightSettings
from sertoli.enhance._magnify import magnify
from sertoli.enhance._settings import Merge, Settings
from sertoli.enhance._steady import Steady
from sertoli.enhance._tremor import super_resolve

__all__ = [
    "Enhanced",
    "LightChain",
    "LightSettings",
    "Mask",
    "Merge",
    "Settings",
    "Steady",
    "Written",
    "deblur",
    "enhance_source",
    "fuse_focus",
    "glare_mask",
    "magnify",
    "super_resolve",
]
