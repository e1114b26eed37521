"""The worker: arq for wake-ups, a sweep for certainty, one lane for deciding and one for delivering."""

from engine.worker.process import run_worker, working

__all__ = ["run_worker", "working"]
