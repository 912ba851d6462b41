"""An opened testis as an operating microscope and its camera show it, with its truth."""

from sertoli.phantom.render.operating._camera import Aim, FieldMaps, take_picture
from sertoli.phantom.render.operating._look import LOOKS, OperatingLook, draw_look
from sertoli.phantom.render.operating._noise import smooth_noise
from sertoli.phantom.render.operating._scene import Scene, build_scene
from sertoli.phantom.render.operating._stretches import Stretch, stretches
from sertoli.phantom.render.operating._view import FieldView

__all__ = [
    "LOOKS",
    "Aim",
    "FieldMaps",
    "FieldView",
    "OperatingLook",
    "Scene",
    "Stretch",
    "build_scene",
    "draw_look",
    "smooth_noise",
    "stretches",
    "take_picture",
]
