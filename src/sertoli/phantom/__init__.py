"""Simulated men, testes and dishes with ground truth, and pictures of them."""

from sertoli.phantom._dish_source import DishSource, Stop, scan, watch
from sertoli.phantom._random_field import RandomField, random_field, random_population
from sertoli.phantom._truth import DishTruth
from sertoli.phantom._write_dish import make_dish, write_dish

__all__ = [
    "DishSource",
    "DishTruth",
    "RandomField",
    "Stop",
    "make_dish",
    "random_field",
    "random_population",
    "scan",
    "watch",
    "write_dish",
]
