"""Train the sperm detector: ``python -m training.sperm.train --help``."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import onnx
import torch

from sertoli.sperm.learning._loss import detection_loss
from sertoli.sperm.learning._matched import Score
from training.sperm.batches import Batch, Supply, batch, batches
from training.sperm.fields import phantom_fields
from training.sperm.run import LOG, SETTINGS, Run, Settings
from training.sperm.scenes import Scene, visem11
from training.sperm.sprites import smear_sprites
from training.sperm.tails import tail_loss
from training.sperm.take_over import take_over
from training.sperm.validation import held_out, score

SAVE_EVERY_S = 60.0
LOG_EVERY = 50
VALIDATE_TIMES = 6
_REHEARSAL_STEPS = 6


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the sperm detector.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=60.0, help="sets the number of steps")
    length.add_argument("--steps", type=int, help="exact number of steps (reproducible)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fields", type=int, default=3000, help="phantom fields; 0 for none")
    parser.add_argument("--crops", type=int, default=16)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--bfloat16", action="store_true", help="multiply in 16 bits: quicker")
    parser.add_argument("--start", type=Path, help="weights file (ONNX) to begin with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    options = parser.parse_args()
    if options.start and (restriction := restriction_of(options.start)):
        parser.error(
            f"--start {options.start}: {restriction}; begin with weights that are not restricted, "
            "or train on with python -m training.sperm.research"
        )

    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    begun = (options.out / SETTINGS).exists()
    if begun and not options.resume:
        parser.error(f"{options.out} holds a run: give --resume, or another --out")
    fields = Settings.read(options.out).fields if begun else options.fields
    supply = load_supply(options.data, options.cache, fields, options.threads)
    if not begun:
        steps = options.steps or steps_for(
            options.minutes, supply, options.seed, options.crops, options.side
        )
        settings = Settings(
            options.seed,
            steps,
            options.crops,
            options.side,
            fields,
            bfloat16=options.bfloat16,
            start=hashlib.sha256(options.start.read_bytes()).hexdigest() if options.start else "",
        )
        if options.start:
            begin_with(options.start, options.out, supply, settings)
        settings.write(options.out)
    train(options.out, supply, held_out(options.data, options.cache if fields else None))


def restriction_of(weights: Path) -> str:
    """Return what a weights file may not be used for; empty for no restriction.

    Read without the package, which refuses files too old to search with.
    """
    said = {one.key: one.value for one in onnx.load(str(weights)).metadata_props}
    return str(said.get("restriction", ""))


def begin_with(weights: Path, out: Path, supply: Supply, settings: Settings) -> None:
    """Lay out a run that begins with the layers of a weights file."""
    run = Run(settings)
    first = batch(supply, settings.seed, settings.steps, 4 * settings.crops, settings.side_px)
    taken = take_over(run.network, weights, first.pictures)
    run.average.load_state_dict(run.network.state_dict())
    run.save(out)
    print(f"taken over from {weights.name}: {', '.join(taken)}", flush=True)


def load_supply(data: Path, cache: Path, fields: int, workers: int) -> Supply:
    """Load (and where needed make) everything that crops are cut from."""
    phantom = phantom_fields(cache, 0, fields, workers) if fields else []
    return Supply(phantom, visem11(data), smear_sprites(data))


def steps_for(minutes: float, supply: Supply, seed: int, crops: int, side: int) -> int:
    """Rehearse a few steps on a throw-away network and say how many fit."""
    run = Run(Settings(seed, 1000, crops, side, 0))
    advance(run, batch(supply, seed, 0, crops, side))
    began = time.perf_counter()
    for step, made in batches(supply, seed, range(_REHEARSAL_STEPS), crops, side):
        del step
        advance(run, made)
    return max(1, int(minutes * 60 * _REHEARSAL_STEPS / (time.perf_counter() - began)))


def advance(run: Run, made: Batch) -> float:
    """Take one optimiser step; return the loss."""
    run.network.train()
    for group in run.optimiser.param_groups:
        group["lr"] = run.rate()
    pictures = torch.from_numpy(made.pictures).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=run.settings.bfloat16):
        cells, tails = run.network.with_tails(pictures)
    loss = detection_loss(
        cells.float(),
        torch.from_numpy(made.heat),
        torch.from_numpy(made.care),
        torch.from_numpy(made.shape),
    ) + tail_loss(tails.float(), torch.from_numpy(made.tail))
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 10.0)
    run.optimiser.step()
    run.follow()
    return float(loss.detach())


def train(
    folder: Path,
    supply: Supply,
    scenes: Mapping[str, list[Scene]],
    *,
    validate_times: int = VALIDATE_TIMES,
) -> Run:
    """Train (or go on training) the run in ``folder`` to its end.

    Parameters
    ----------
    folder : Path
    supply : Supply
    scenes : mapping of list of Scene
        Held-out pictures by set, searched ``validate_times`` times on the way.
    """
    run = Run.load(folder)
    settings = run.settings
    validate_every = max(1, settings.steps // validate_times)
    began = saved = time.monotonic()
    first = run.step
    recent = 0.0
    todo = range(run.step, settings.steps)
    for step, made in batches(supply, settings.seed, todo, settings.crops, settings.side_px):
        loss = advance(run, made)
        recent = loss if step == first else 0.98 * recent + 0.02 * loss
        done = step + 1
        if done % LOG_EVERY == 0:
            pace = (time.monotonic() - began) / (done - first)
            left = pace * (settings.steps - done) / 60
            print(
                f"step {done}/{settings.steps}  loss {recent:.3f}  "
                f"{pace:.2f} s/step  {left:.0f} min left",
                flush=True,
            )
            _log(folder, {"step": done, "loss": round(recent, 4)})
        if done % validate_every == 0 or done == settings.steps:
            for name, part in scenes.items():
                result = score(run.average, part)
                print(f"  {name}: {result}", flush=True)
                _log(folder, {"step": done, "set": name} | result.as_dict())
        if time.monotonic() - saved > SAVE_EVERY_S:
            run.save(folder)
            saved = time.monotonic()
    run.save(folder)
    return run


def _log(folder: Path, line: dict[str, object]) -> None:
    with (folder / LOG).open("a", encoding="utf-8", newline="\n") as log:
        log.write(json.dumps(line) + "\n")


__all__ = ["Score", "advance", "load_supply", "main", "steps_for", "train"]

if __name__ == "__main__":
    main()
