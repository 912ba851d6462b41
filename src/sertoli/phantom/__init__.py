"""Simulated men, testes and dishes with ground truth, and pictures of them."""

from sertoli.phantom._dish_source import DishSource, Stop, scan, watch
from sertoli.phantom._random_field import RandomField, random_field, random_population
from sertoli.phantom._truth import DishTruth

__all__ = [
    "DishSource",
    "DishTruth",
    "RandomField",
    "Stop",
    "random_field",
    "random_population",
    "scan",
    "watch",
]
