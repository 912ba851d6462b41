"""Simulated men, testes and dishes with ground truth, and pictures of them."""

from sertoli.phantom._dish_source import DishSource, Stop, scan, watch
from sertoli.phantom._field_source import FieldPicture, FieldSource, make_field
from sertoli.phantom._random_field import RandomField, random_field, random_population
from sertoli.phantom._truth import DishTruth
from sertoli.phantom._write_dish import make_dish, write_dish
from sertoli.phantom._write_field import field_truth, write_field

__all__ = [
    "DishSource",
    "DishTruth",
    "FieldPicture",
    "FieldSource",
    "RandomField",
    "Stop",
    "field_truth",
    "make_dish",
    "make_field",
    "random_field",
    "random_population",
    "scan",
    "watch",
    "write_dish",
    "write_field",
]
