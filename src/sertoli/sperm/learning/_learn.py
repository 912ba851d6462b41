"""Fine-tuning: a network goes on learning from a laboratory's own labelled frames."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from sertoli.errors import SettingError, UserError
from sertoli.sperm._detector import Detector
from sertoli.sperm._magnification import HEAD_PX
from sertoli.sperm._network import Network
from sertoli.sperm._prevalence import log_odds
from sertoli.sperm._weights import read_weights
from sertoli.sperm.learning._calibration import Calibration, calibrate
from sertoli.sperm.learning._crops import Scene
from sertoli.sperm.learning._graph import TrainableGraph
from sertoli.sperm.learning._judge import judge
from sertoli.sperm.learning._labelled import Divided, Labelled, divide, magnifications
from sertoli.sperm.learning._matched import Matched, Score
from sertoli.sperm.learning._train import Crops, Learning, State, train

OWN, KEPT = "own", "kept"
"""Names of the two sets that figures are given for: the laboratory's frames kept aside, and
pictures of what the network could do before."""

MIDDLE = 0.5
"""Of the thresholds that are as good on the few frames kept aside, the one in the middle."""

MOST_TRIED = 6
AS_LOOKED_AT = 0.02
"""States are searched with until the mean F1 is within this of what was seen while learning."""

MOST_FORGOTTEN = 0.02
"""F1 on what is to be kept may fall by so much."""

MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class LearningSettings:
    """How long is learnt, and which crops are drawn.

    Parameters
    ----------
    steps : int
        1 to 20,000.
    seed : int

    Raises
    ------
    SettingError
        If the number of steps makes no sense.
    """

    steps: int = 250
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST_STEPS:
            raise SettingError(f"{self.steps} steps are not possible", f"give 1 to {MOST_STEPS}")


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What came of it.

    Parameters
    ----------
    content : bytes
        The weights file.
    metadata : Mapping[str, str]
        What the file says about itself.
    base, base_sha256 : str
        The weights begun from.
    before, recalibrated, after : Mapping[str, Score]
        Figures on each set (`OWN`, `KEPT`) at the default confidence: of the base as it
        is, of the base if only its confidence were fitted to the set, of the result.
    frames, frames_aside, groups : int
        Labelled frames learnt from and kept aside, and recordings they are of.
    sperm, sperm_aside : int
        Sperm labelled in them.
    by_group : bool
        Whether no recording is on both sides.
    steps : int
    seconds : float
    """

    content: bytes
    metadata: Mapping[str, str]
    base: str
    base_sha256: str
    before: Mapping[str, Score]
    recalibrated: Mapping[str, Score]
    after: Mapping[str, Score]
    frames: int
    frames_aside: int
    groups: int
    sperm: int
    sperm_aside: int
    by_group: bool
    steps: int
    seconds: float


def learn(
    weights: str | Path,
    labelled: Sequence[Labelled],
    kept: Sequence[Labelled] = (),
    settings: LearningSettings | None = None,
    *,
    on_progress: Callable[[Learning], None] | None = None,
) -> Learnt:
    """Fine-tune weights on labelled frames.

    A part of the frames is kept aside (`divide`), and so is every other one of ``kept``. The
    first call of ``on_progress``, with step 0, comes before learning begins and brings the
    time it will take.

    Parameters
    ----------
    weights : str or Path
        ``default``, ``research`` or a file of Sertoli's, in full precision.
    labelled : sequence of Labelled
        Pictures of a known or unknown pixel size.
    kept : sequence of Labelled
        Labelled pictures of known pixel size of what the network can do already: they are
        mixed in, so that it does not forget. Simulated ones do.
    settings : LearningSettings, optional
    on_progress : callable, optional

    Returns
    -------
    Learnt

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    WeightsError, InputError
        If the weights or the frames cannot be used.
    UserError
        If the result is not better than what it began from, or has forgotten too much.
    """
    settings = settings or LearningSettings()
    began = time.monotonic()
    detector = Detector(weights, threads=1, device="cpu")
    network = detector.network
    content = read_weights(weights)[1]
    graph, begun_from = (TrainableGraph(content, network.name) for _ in range(2))
    divided = divide(labelled)
    kept_learnt, kept_aside = kept[1::2], kept[::2]
    asides = {OWN: divided.aside} | ({KEPT: kept_aside} if kept else {})
    learnt_at = magnifications((*divided.learnt, *divided.aside), detector.magnification, HEAD_PX)
    kept_at = magnifications(kept, detector.magnification, None)
    at = {OWN: learnt_at, KEPT: kept_at}
    crops = Crops(_scenes(divided.learnt, learnt_at), _scenes(kept_learnt, kept_at), settings.seed)
    looked_at = {name: _scenes(part, at[name]) for name, part in asides.items()}

    base = _as_searched(detector, asides)
    states = train(graph, begun_from, crops, looked_at, settings.steps, on_progress)
    after = _best_searched(graph, states, network.metadata, asides)

    fitted, refitted = (
        calibrate(list(matched.values()), place=MIDDLE, company=network.company)
        for matched in (after, base)
    )
    shipped = Calibration(
        network.temperature,
        network.bias,
        network.candidate_share,
        log_odds(network.default_confidence),
        network.company,
    )
    figures = {
        "before": _scores(base, shipped),
        "recalibrated": _scores(base, refitted),
        "after": _scores(after, fitted),
    }
    _require_better(**figures)
    metadata = _describe(network, fitted, divided, figures, settings)
    return Learnt(
        content=graph.content(metadata),
        metadata=metadata,
        base=network.name,
        base_sha256=network.sha256,
        **figures,
        frames=len(divided.learnt),
        frames_aside=len(divided.aside),
        groups=len({one.group for one in labelled}),
        sperm=sum(one.sperm for one in divided.learnt),
        sperm_aside=sum(one.sperm for one in divided.aside),
        by_group=divided.by_group,
        steps=settings.steps,
        seconds=time.monotonic() - began,
    )


def require_learnable(weights: str | Path, labelled: Sequence[Labelled]) -> None:
    """Find out early whether `learn` could begin.

    Raises
    ------
    MissingExtraError, WeightsError, InputError
        As `learn` would.
    """
    name, content = read_weights(weights)
    TrainableGraph(content, name)
    Network(weights, threads=1, device="cpu")
    divide(labelled)


def _scenes(frames: Sequence[Labelled], factors: Mapping[str, float]) -> list[Scene]:
    return [Scene.of(one, factors[one.group]) for one in frames]


def _as_searched(detector: Detector, sets: Mapping[str, Sequence[Labelled]]) -> dict[str, Matched]:
    """Search frames as a user would: at the magnification that these weights choose."""
    return {
        name: judge(
            detector.network.run,
            _scenes(part, magnifications(part, detector.magnification, None)),
        )
        for name, part in sets.items()
    }


def _best_searched(
    graph: TrainableGraph,
    states: Sequence[tuple[float, State]],
    metadata: Mapping[str, str],
    asides: Mapping[str, Sequence[Labelled]],
) -> dict[str, Matched]:
    """Leave ``graph`` in the state that searches best, and return how it does.

    States were compared at a given magnification. A search finds its own, and a state that
    learnt to choose a wrong one is worth nothing: the next is tried.
    """
    best: dict[str, Matched] = {}
    best_value, best_state = -1.0, states[0][1]
    for looked, state in states[:MOST_TRIED]:
        graph.load(state)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "learnt.onnx"
            file.write_bytes(graph.content(metadata))
            found = _as_searched(Detector(file, threads=1, device="cpu"), asides)
        value = sum(one.best().f1 for one in found.values()) / len(found)
        if value > best_value:
            best, best_value, best_state = found, value, state
        if value >= looked - AS_LOOKED_AT:
            break
    graph.load(best_state)
    return best


def _scores(matched: Mapping[str, Matched], fit: Calibration) -> dict[str, Score]:
    return {name: fit.applied(one).at(fit.best_log_odds) for name, one in matched.items()}


def _require_better(
    before: Mapping[str, Score], recalibrated: Mapping[str, Score], after: Mapping[str, Score]
) -> None:
    """Refuse what is not better than the base, or worse than the base with a new confidence."""
    best = max(before[OWN].f1, recalibrated[OWN].f1)
    if after[OWN].f1 <= before[OWN].f1 or after[OWN].f1 < best:
        raise UserError(
            f"nothing was written: F1 on the frames kept aside is {after[OWN].f1:.3f}, and was "
            f"{best:.3f} before",
            "check the labels (every sperm of a frame must be labelled), or label more frames",
        )
    if KEPT in after and after[KEPT].f1 < before[KEPT].f1 - MOST_FORGOTTEN:
        raise UserError(
            f"nothing was written: F1 on simulated fields fell from {before[KEPT].f1:.3f} to "
            f"{after[KEPT].f1:.3f}, so other recordings would be searched worse",
            "take fewer --steps, or label frames of more recordings",
        )


def _describe(
    network: Network,
    fitted: Calibration,
    divided: Divided,
    figures: Mapping[str, Mapping[str, Score]],
    settings: LearningSettings,
) -> dict[str, str]:
    """Return what the file says about itself: what the base said, and what is new."""
    frames = (*divided.learnt, *divided.aside)
    groups = len({one.group for one in frames})
    data = f"{len(divided.learnt)} labelled frames of a laboratory's own (of {groups} recordings)"
    trained_on = network.metadata.get("training_data", "")
    said = {
        **network.metadata,
        "sertoli_version": version("sertoli"),
        "temperature": f"{fitted.temperature:.6g}",
        "bias": f"{fitted.bias:.6g}",
        "default_confidence": f"{fitted.default_confidence:.4g}",
        "training_data": f"{trained_on}; {data}" if trained_on else data,
        "learnt_from": f"{network.name} {network.sha256}",
        "learning_settings": json.dumps(asdict(settings)),
        "held_out": json.dumps({name: asdict(one) for name, one in figures["after"].items()}),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    if fitted.share is not None:
        said["candidate_share"] = f"{fitted.share:.6g}"
    if network.restriction:
        said["restriction"] = network.restriction
    return said
