"""Search simulated testicular dishes in which sperm are rare, one dish at a time (synthetic).

A dish is one man under one laboratory's microscope, seen field by field in a serpentine.
The same dish is also seen doped with many sperm, which is what recall is measured on.
What a dish gave is kept in a file, so that a stopped run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame
from sertoli.phantom import DishSource, make_dish
from sertoli.phantom.render import OBSCURED_SPERM, Shown
from sertoli.phantom.world import CellKind, Motility
from sertoli.search.review._candidates import PLACES
from sertoli.sperm import Detections, Detector
from sertoli.sperm.evaluation import ImageResult, match_centres
from sertoli.sperm.tracking import FAINT_SHARE, TrackEvidence, link_recording

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FIRST_SEED = 700_000
"""Training draws its fields from seeds 0 up and 9,000,000 up, other measurements from 5,000."""

WIDTH_PX, HEIGHT_PX, UM_PER_PX = 640, 480, 0.36
OVERLAP = 0.1
"""Of neighbouring fields; what lies there is seen twice or more."""

FIELDS_PER_SPERM = 100
DOPED_SPERM_PER_FIELD = 2.0
LOWEST_PROBABILITY = 0.01
"""What is less probable is no candidate: nobody reads that far down a list."""

SWEEP_UM = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Heights of the focus when it is turned through a field."""

MOTILITIES = tuple(Motility)
DONT_CARE = (OBSCURED_SPERM, CellKind.ELONGATED_SPERMATID)
NO_SPERM = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each dish is searched.

    Parameters
    ----------
    rare_fields : int
        With one sperm in `FIELDS_PER_SPERM` fields.
    doped_fields : int
        With `DOPED_SPERM_PER_FIELD`.
    swept : bool
        Whether the focus is turned through every field (`SWEEP_UM`), instead of one picture.
    """

    rare_fields: int = 100
    doped_fields: int = 4
    swept: bool = False

    @property
    def sweep_um(self) -> tuple[float, ...]:
        """Heights of the focus at which a field is seen."""
        return SWEEP_UM if self.swept else (0.0,)


@dataclass(frozen=True, slots=True, eq=False)
class DishRecord:
    """What a search of one dish gave, beside the truth.

    Parameters
    ----------
    seed : int
    modality : str
    tail_gain : float
        How much of a tail's optical path the microscope shows (`Look.tail_gain`).
    rare_fields, doped_fields : int
    field : ndarray, (N,)
        Candidates of the rare fields, don't-care ones left out: the field they are in,
    place_um : ndarray, (N, 2)
        where on the dish,
    probability : ndarray, (N,)
        how sure the detector was,
    sperm : ndarray, (N,)
        and which sperm it is, or `NO_SPERM`.
    rare_sperm : ndarray, (T,)
        Numbers of the sperm that somebody could see in a rare field, each once.
    doped_probability : ndarray, (D,)
        Of the visible sperm of the doped fields, 0 where there was no candidate,
    doped_motility : ndarray, (D,)
        with their place in `MOTILITIES`
    doped_contrast : ndarray, (D,)
        and contrast-to-noise.
    doped_obscured : int
        Sperm that nobody could see: don't-care.
    doped_false : ndarray, (F,)
        Probabilities of the false candidates of the doped fields.
    """

    seed: int
    modality: str
    tail_gain: float
    rare_fields: int
    doped_fields: int
    field: Integers
    place_um: Floats
    probability: Floats
    sperm: Integers
    rare_sperm: Integers
    doped_probability: Floats
    doped_motility: Integers
    doped_contrast: Floats
    doped_obscured: int
    doped_false: Floats

    def write(self, path: Path) -> None:
        """Keep it; the file appears when it is whole."""
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **{f.name: getattr(self, f.name) for f in fields(self)})
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> DishRecord:
        """Read what `write` kept."""
        with np.load(path) as kept:
            values = {f.name: kept[f.name] for f in fields(cls)}
        # single values come back as arrays without dimensions
        return cls(**{k: v.item() if v.ndim == 0 else v for k, v in values.items()})


def settings_name(weights_sha256: str, plan: Plan) -> str:
    """Name for the kept files of one kind of run: other weights, dishes or plans, another name."""
    made = hashlib.sha256(Path(__file__).read_bytes())
    phantom = files("sertoli.phantom")
    for path in sorted(Path(str(phantom)).rglob("*")):
        if path.suffix in (".py", ".csv"):
            made.update(path.read_bytes())
    fields_of_a_dish = f"{plan.rare_fields}-{plan.doped_fields}{'-swept' if plan.swept else ''}"
    return f"{weights_sha256[:12]}-{made.hexdigest()[:12]}-{fields_of_a_dish}"


def search_dish(seed: int, plan: Plan, detector: Detector) -> DishRecord:
    """Search one dish, rare and doped.

    Parameters
    ----------
    seed : int
    plan : Plan
    detector : Detector
    """
    # Neighbours overlap: so many sperm a picture make one of its own every so many fields.
    distinct = (1 - OVERLAP) ** 2
    rare = _source(seed, 1 / (FIELDS_PER_SPERM * distinct), plan.rare_fields, plan.sweep_um)
    field, place, probability, sperm, seen = [], [], [], [], set()
    for index in range(plan.rare_fields):
        result, shown, stage_um = _look(rare, index, detector, len(plan.sweep_um))
        matches = match_centres(result.found_px, result.truth_px, result.ignored)
        counts = _is_counted(matches, result.ignored)
        numbers = np.array([s.cell.number for s in shown] + [NO_SPERM], np.int64)
        centre = result.found_px[:, :2] + result.found_px[:, 2:] / 2
        field.append(np.full(counts.sum(), index, np.int64))
        place.append(centre[counts] * UM_PER_PX + stage_um)
        probability.append(result.probability[counts])
        sperm.append(numbers[matches[counts]])
        seen |= set(numbers[:-1][~result.ignored].tolist())
    doped = _source(seed, DOPED_SPERM_PER_FIELD, plan.doped_fields, plan.sweep_um)
    found: list[tuple[float, int, float]] = []
    false, obscured = [np.zeros(0)], 0
    for index in range(plan.doped_fields):
        result, shown, _ = _look(doped, index, detector, len(plan.sweep_um))
        matches = match_centres(result.found_px, result.truth_px, result.ignored)
        false.append(result.probability[matches < 0])
        best = dict(zip(matches.tolist(), result.probability.tolist(), strict=True))
        for n, thing in enumerate(shown):
            obscured += thing.label == OBSCURED_SPERM
            if not result.ignored[n] and thing.visibility is not None:
                motility = MOTILITIES.index(thing.motility)
                found.append((best.get(n, 0.0), motility, thing.visibility.contrast_to_noise))
    table = np.array(found, np.float64).reshape(-1, 3)
    return DishRecord(
        seed=seed,
        modality=str(rare.optics.modality),
        tail_gain=rare.look.tail_gain,
        rare_fields=plan.rare_fields,
        doped_fields=plan.doped_fields,
        field=np.concatenate(field),
        place_um=np.concatenate(place),
        probability=np.concatenate(probability),
        sperm=np.concatenate(sperm),
        rare_sperm=np.array(sorted(seen), np.int64),
        doped_probability=table[:, 0],
        doped_motility=table[:, 1].astype(np.int64),
        doped_contrast=table[:, 2],
        doped_obscured=obscured,
        doped_false=np.concatenate(false),
    )


def _source(
    seed: int, sperm_per_field: float, count: int, sweep_um: tuple[float, ...]
) -> DishSource:
    return make_dish(
        seed,
        sperm_per_field=sperm_per_field,
        um_per_px=UM_PER_PX,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        fields=count,
        sweep_um=sweep_um,
    )


def _look(
    source: DishSource, index: int, detector: Detector, planes: int
) -> tuple[ImageResult, list[Shown], Floats]:
    """Search one field: the result, the things it is scored on, and the stage's place.

    What can be seen is told from the middle plane alone, however many are searched.
    """
    taken = [source.frame_with_truth(index * planes + plane) for plane in range(planes)]
    middle, shown = taken[planes // 2]
    wanted = [s for s in shown if s.label in (CellKind.SPERM, *DONT_CARE)]
    boxes = np.array([s.box_px for s in wanted], np.float64).reshape(-1, 4)
    ignored = np.array([s.label in DONT_CARE for s in wanted], np.bool_)
    if planes == 1:
        found = detector.detect(middle, confidence=LOWEST_PROBABILITY)
    else:
        found = followed([frame for frame, _ in taken], detector)
    assert middle.stage_um is not None
    result = ImageResult.of_detections(found, boxes, ignored)
    return result, wanted, np.array(middle.stage_um[:2])


def followed(frames: list[Frame], detector: Detector) -> Detections:
    """Search frames as a recording is searched; return one head for each track.

    It lies where it was seen best, and is as probable as in `sertoli review`. In so few frames
    motion cannot be told, and says nothing.

    Parameters
    ----------
    frames : list of Frame
        Of one place, one after the other.
    detector : Detector
    """
    seen = [
        (frame.index, detector.detect(frame, confidence=LOWEST_PROBABILITY), (0.0, 0.0))
        for frame in frames
    ]
    tracks = link_recording(seen, plain_from=LOWEST_PROBABILITY / FAINT_SHARE)
    known = [
        (found.take(ids >= 0), ids[ids >= 0])
        for (_, found, _), ids in zip(seen, tracks, strict=True)
    ]
    evidence = TrackEvidence()
    for found, ids in known:
        evidence.add(found.probability, ids)
    track = np.concatenate([ids for _, ids in known])
    centre = np.concatenate([found.centre_px for found, _ in known])
    size = np.concatenate([found.size_px for found, _ in known])
    own = np.concatenate([found.probability for found, _ in known])
    weighed = evidence.weighed(own, track)
    best, probability = [], []
    for one in np.unique(track):
        rows = np.flatnonzero(track == one)
        rows = rows[np.argsort(-weighed[rows], kind="stable")]
        best.append(rows[0])
        probability.append(weighed[rows[:PLACES]].mean())
    rows = np.array(best, np.int64)
    return Detections(centre[rows], size[rows], np.array(probability, np.float32))


def _is_counted(matches: npt.NDArray[np.intp], ignored: Flags) -> Flags:
    """Return which findings are right or wrong, and not on something that is don't-care."""
    return ~np.append(ignored, np.False_)[matches]
